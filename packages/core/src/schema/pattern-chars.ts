/** Character classes and escapes of the supported regular expressions, as sets of characters. */
import { type CharSet, complement, unite } from './char-set.ts';
import type { CharRange } from './gbnf.ts';

const DIGITS: CharSet = [[0x30, 0x39]];
const WORD: CharSet = unite([...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]);
/** White space and line terminators of ECMAScript. */
const SPACE: CharSet = unite([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
/** What `.` matches. */
export const NOT_LINE_END: CharSet = complement([
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]);

export const CLASS_ESCAPES: ReadonlyMap<string, CharSet> = new Map([
  ['d', DIGITS],
  ['D', complement(DIGITS)],
  ['w', WORD],
  ['W', complement(WORD)],
  ['s', SPACE],
  ['S', complement(SPACE)],
]);

const CONTROL_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['f', 0x0c],
  ['v', 0x0b],
]);

/** Reads characters of a pattern one after the other. */
export interface PatternReader {
  readonly letters: readonly string[];
  at: number;
  /** The error for something that is not supported. */
  refuse(why: string): Error;
}

/** What follows a backslash: a set for `\d` and its like, otherwise one character's code. */
export function readEscape(reader: PatternReader): CharSet | number {
  const letter = reader.letters[reader.at];
  reader.at += 1;
  if (letter === undefined) throw reader.refuse('A backslash ends it');
  const set = CLASS_ESCAPES.get(letter);
  if (set !== undefined) return set;
  const control = CONTROL_ESCAPES.get(letter);
  if (control !== undefined) return control;
  if (letter === 'x') return readHex(reader, 2);
  if (letter === 'u') return readHex(reader, 4);
  if (/[A-Za-z0-9]/.test(letter)) throw reader.refuse(`The escape \\${letter} is not supported`);
  return letter.codePointAt(0) ?? 0;
}

function readHex(reader: PatternReader, digits: number): number {
  const hex = reader.letters.slice(reader.at, reader.at + digits).join('');
  if (!new RegExp(`^[0-9A-Fa-f]{${digits}}$`).test(hex))
    throw reader.refuse('An escape by number is not complete');
  reader.at += digits;
  return Number.parseInt(hex, 16);
}

/** The set after an opening bracket, up to and including the closing one. */
export function readClass(reader: PatternReader): CharSet {
  const negated = reader.letters[reader.at] === '^';
  if (negated) reader.at += 1;
  const ranges: CharRange[] = [];
  for (;;) {
    const letter = reader.letters[reader.at];
    if (letter === undefined) throw reader.refuse('A character class is not closed');
    if (letter === ']') break;
    const from = readMember(reader);
    const next = reader.letters[reader.at + 1];
    if (reader.letters[reader.at] !== '-' || next === ']' || next === undefined) {
      ranges.push(...(typeof from === 'number' ? [[from, from] as const] : from));
      continue;
    }
    reader.at += 1;
    const to = readMember(reader);
    if (typeof from !== 'number' || typeof to !== 'number' || to < from)
      throw reader.refuse('A range is not valid');
    ranges.push([from, to]);
  }
  reader.at += 1;
  const set = unite(ranges);
  return negated ? complement(set) : set;
}

function readMember(reader: PatternReader): CharSet | number {
  const letter = reader.letters[reader.at] ?? '';
  reader.at += 1;
  return letter === '\\' ? readEscape(reader) : (letter.codePointAt(0) ?? 0);
}
