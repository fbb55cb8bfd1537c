/**
 * Regular expressions of `pattern`: `^...$` with characters, classes, groups, alternatives and counts. Everything else
 * is refused: what is matched anywhere in the text, looks around, refers back or repeats what may be empty.
 */
import { type CharSet, jsonCharOf } from './char-set.ts';
import { choice, type Expr, NOTHING, repeat, sequence } from './gbnf.ts';
import { PATTERN_CHARS_MAX, PATTERN_REPEATS_MAX } from './limits.ts';
import { NOT_LINE_END, type PatternReader, readClass, readEscape } from './pattern-chars.ts';
import { overLimit, unsupported } from './refuse.ts';

interface Part {
  readonly expr: Expr;
  readonly canBeEmpty: boolean;
  /** Largest product of nested counts. */
  readonly repeats: number;
}

const EMPTY: Part = { expr: NOTHING, canBeEmpty: true, repeats: 1 };

/** The text of a JSON string (without quotes) that matches. Errors: SCHEMA_UNSUPPORTED, SCHEMA_LIMIT. */
export function patternRule(source: string, pointer: string): Expr {
  if (source.length > PATTERN_CHARS_MAX)
    throw overLimit(pointer, 'the length of a pattern', PATTERN_CHARS_MAX);
  const letters = [...source];
  const reader: PatternReader = {
    letters: letters.slice(1, -1),
    at: 0,
    refuse: (why) => unsupported(pointer, 'pattern', `${why} (in ${JSON.stringify(source)})`),
  };
  if (letters[0] !== '^' || letters.at(-1) !== '$' || letters.length < 2) {
    throw reader.refuse('It must begin with ^ and end with $');
  }
  const part = readAlternatives(reader, pointer);
  if (reader.at < reader.letters.length) throw reader.refuse('A bracket closes that was not opened');
  return part.expr;
}

function readAlternatives(reader: PatternReader, pointer: string, inGroup: boolean = false): Part {
  const options = [readSequence(reader, pointer)];
  while (reader.letters[reader.at] === '|') {
    if (!inGroup) throw reader.refuse('Put alternatives into a group, as in ^(a|b)$');
    reader.at += 1;
    options.push(readSequence(reader, pointer));
  }
  return {
    expr: choice(...options.map((option) => option.expr)),
    canBeEmpty: options.some((option) => option.canBeEmpty),
    repeats: Math.max(...options.map((option) => option.repeats)),
  };
}

function readSequence(reader: PatternReader, pointer: string): Part {
  let whole = EMPTY;
  for (;;) {
    const letter = reader.letters[reader.at];
    if (letter === undefined || letter === '|' || letter === ')') return whole;
    const part = readCount(reader, readAtom(reader, pointer), pointer);
    whole = {
      expr: sequence(whole.expr, part.expr),
      canBeEmpty: whole.canBeEmpty && part.canBeEmpty,
      repeats: Math.max(whole.repeats, part.repeats),
    };
  }
}

function readAtom(reader: PatternReader, pointer: string): Part {
  const letter = reader.letters[reader.at] ?? '';
  reader.at += 1;
  if (letter === '(') return readGroup(reader, pointer);
  if (letter === '[') return charPart(reader, readClass(reader));
  if (letter === '.') return charPart(reader, NOT_LINE_END);
  if (letter === '^' || letter === '$') throw reader.refuse('^ and $ may stand only at the ends');
  if ('*+?{}]'.includes(letter))
    throw reader.refuse(`"${letter}" has nothing to repeat; write \\${letter} to mean it`);
  const meant = letter === '\\' ? readEscape(reader) : (letter.codePointAt(0) ?? 0);
  return charPart(reader, typeof meant === 'number' ? [[meant, meant]] : meant);
}

function charPart(reader: PatternReader, set: CharSet): Part {
  const expr = jsonCharOf(set);
  if (expr === null) throw reader.refuse('A class matches no character');
  return { expr, canBeEmpty: false, repeats: 1 };
}

function readGroup(reader: PatternReader, pointer: string): Part {
  if (reader.letters[reader.at] === '?') {
    if (reader.letters[reader.at + 1] !== ':')
      throw reader.refuse('Only plain groups, ( ) and (?: ), are supported');
    reader.at += 2;
  }
  const part = readAlternatives(reader, pointer, true);
  if (reader.letters[reader.at] !== ')') throw reader.refuse('A group is not closed');
  reader.at += 1;
  return part;
}

function readCount(reader: PatternReader, part: Part, pointer: string): Part {
  const counts = countsAt(reader);
  if (counts === null) return part;
  const { min, max } = counts;
  if ('*+?{'.includes(reader.letters[reader.at] ?? ' '))
    throw reader.refuse('A count may not follow a count');
  if (max !== null && max < min) throw reader.refuse('A count ends below its beginning');
  if (part.canBeEmpty && max !== 1) throw reader.refuse('A part that can be empty may not be repeated');
  const repeats = part.repeats * Math.max(max ?? min, 1);
  if (repeats > PATTERN_REPEATS_MAX) throw overLimit(pointer, 'counts in a pattern', PATTERN_REPEATS_MAX);
  return { expr: repeat(part.expr, min, max), canBeEmpty: part.canBeEmpty || min === 0, repeats };
}

function countsAt(reader: PatternReader): { min: number; max: number | null } | null {
  const letter = reader.letters[reader.at];
  if (letter === '*' || letter === '+' || letter === '?') {
    reader.at += 1;
    return { min: letter === '+' ? 1 : 0, max: letter === '?' ? 1 : null };
  }
  if (letter !== '{') return null;
  const match = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(reader.letters.slice(reader.at, reader.at + 16).join(''));
  if (match === null) throw reader.refuse('Write \\{ to mean a brace');
  const [all, min, comma, max] = match;
  reader.at += all.length;
  if (comma === undefined) return { min: Number(min), max: Number(min) };
  return { min: Number(min), max: max === undefined || max === '' ? null : Number(max) };
}
