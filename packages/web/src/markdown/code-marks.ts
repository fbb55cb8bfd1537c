/**
 * Tells comments, texts, numbers and words of a language apart, so that code can be read at a glance. It does not parse:
 * what it takes for something else is only in another colour.
 */

export type CodeMark = 'comment' | 'text' | 'number' | 'word' | 'call';

export interface CodePiece {
  /** Where it begins. */
  at: number;
  text: string;
  /** null: nothing in particular. */
  mark: CodeMark | null;
}

/** Of longer code, drawing the pieces would hold the page up. */
export const MARKED_CHARACTERS_MAX = 12_000;
/** Without a bound, quotes that nobody ends would be looked for over and over. */
const QUOTED = (quote: string): string => `${quote}(?:[^${quote}\\\\\\n]|\\\\[^\\n]){0,400}${quote}`;
const COMMON_TEXT = `${QUOTED('"')}|${QUOTED("'")}`;
const NUMBER = String.raw`\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)\b`;
const NAME = String.raw`[\p{L}_$][\p{L}\p{N}_$]*`;

interface Family {
  names: string;
  comment: string;
  text: string;
  words: string;
  /** Words may be written in capitals. */
  anyCase?: true;
}

const FAMILIES: readonly Family[] = [
  {
    names: 'python py ruby rb bash sh shell zsh yaml yml toml r perl dockerfile makefile julia elixir nix',
    comment: String.raw`(?<![\w$])#[^\n]*`,
    text: String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|${COMMON_TEXT}`,
    words:
      'and as assert async await begin break case class continue def del do done elif else elsif end esac except export false False fi finally for from function global if import in is lambda local match module None nil nonlocal not null or pass raise require rescue return self then true True try unless until when while with yield',
  },
  {
    names:
      'javascript js jsx mjs typescript ts tsx java kotlin c h cpp c++ cc csharp cs go rust rs swift php scala dart solidity sol zig json jsonc css scss',
    comment: String.raw`//[^\n]*|/\*[\s\S]*?(?:\*/|$)`,
    text: `\`(?:[^\`\\\\]|\\\\[\\s\\S])*(?:\`|$)|${COMMON_TEXT}`,
    words:
      'abstract as async await bool boolean break case catch char class const constructor continue contract default defer delete do double else enum export extends false final finally float fn for from func function go if impl implements import in instanceof int interface let long match mod module mut namespace new nil null package private protected pub public return self static string struct super switch this throw throws trait true try type typeof undefined union unsafe use using var void where while yield',
  },
  {
    names: 'sql lua haskell hs',
    comment: String.raw`--[^\n]*`,
    anyCase: true,
    text: COMMON_TEXT,
    words:
      'and as asc between by case count create delete desc distinct do drop else elseif end exists false from function group having if in inner insert into is join left let like limit local module nil not null of on or order outer primary repeat return right select set table then true union unique until update values where while',
  },
];

interface Reader {
  pattern: RegExp;
  words: ReadonlySet<string>;
  anyCase: boolean;
}

const READERS: ReadonlyMap<string, Reader> = new Map(
  FAMILIES.flatMap(({ names, comment, text, words, anyCase = false }) => {
    const source = `(?<comment>${comment})|(?<text>${text})|(?<number>${NUMBER})|(?<call>${NAME}(?=\\())|(?<name>${NAME})`;
    const reader = { pattern: new RegExp(source, 'giu'), words: new Set(words.split(' ')), anyCase };
    return names.split(' ').map((name): [string, Reader] => [name, reader]);
  }),
);

/** All of `code`, in order. One piece where the language is not known, or the code is too long. */
export function markedCode(code: string, language: string): CodePiece[] {
  const reader = READERS.get(language.toLowerCase());
  if (reader === undefined || code.length > MARKED_CHARACTERS_MAX) return [{ at: 0, text: code, mark: null }];
  const pieces: CodePiece[] = [];
  let from = 0;
  for (const { 0: text, index, groups = {} } of code.matchAll(reader.pattern)) {
    const mark = markOf(groups, reader);
    if (mark === null || text === '') continue;
    if (index > from) pieces.push({ at: from, text: code.slice(from, index), mark: null });
    pieces.push({ at: index, text, mark });
    from = index + text.length;
  }
  if (from < code.length) pieces.push({ at: from, text: code.slice(from), mark: null });
  return pieces;
}

function markOf(
  { comment, text, number, name, call }: Readonly<Record<string, string | undefined>>,
  { words, anyCase }: Reader,
): CodeMark | null {
  if (comment !== undefined) return 'comment';
  if (text !== undefined) return 'text';
  if (number !== undefined) return 'number';
  const word = name ?? call ?? '';
  if (words.has(anyCase ? word.toLowerCase() : word)) return 'word';
  return call === undefined ? null : 'call';
}
