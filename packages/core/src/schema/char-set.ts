/** Sets of Unicode scalar values as sorted ranges, and how a member is written inside a JSON string. */
import { type CharRange, chars, choice, type Expr, oneOf, sequence, text } from './gbnf.ts';

export type CharSet = readonly CharRange[];

const CODE_MAX = 0x10ffff;
const SURROGATES: CharRange = [0xd800, 0xdfff];
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Sorts and joins ranges; surrogates are no characters and fall out. */
export function unite(ranges: readonly CharRange[]): CharSet {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return subtract(joined, [SURROGATES]);
}

function subtract(set: CharSet, holes: CharSet): CharSet {
  let rest: CharSet = set;
  for (const [low, high] of holes) {
    rest = rest.flatMap(([from, to]): CharRange[] => {
      if (high < from || low > to) return [[from, to]];
      const parts: CharRange[] = [];
      if (from < low) parts.push([from, low - 1]);
      if (to > high) parts.push([high + 1, to]);
      return parts;
    });
  }
  return rest;
}

/** All characters that are not in `set`. */
export function complement(set: CharSet): CharSet {
  return subtract([[0, CODE_MAX]], [...set, SURROGATES]);
}

export function contains(set: CharSet, code: number): boolean {
  return set.some(([from, to]) => from <= code && code <= to);
}

/** Characters that stand for themselves in a JSON string. */
export const PLAIN: CharSet = subtract(
  [[0x20, CODE_MAX]],
  [[QUOTE, QUOTE], [BACKSLASH, BACKSLASH], SURROGATES],
);

const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [QUOTE, '"'],
  [BACKSLASH, '\\'],
  [0x08, 'b'],
  [0x0c, 'f'],
  [0x0a, 'n'],
  [0x0d, 'r'],
  [0x09, 't'],
]);

/**
 * A character of `set` as JSON writes it in a string, in the one form that JSON.stringify gives. Escapes share their
 * beginning, so that the matcher follows few paths at a time. Null for an empty set.
 */
export function jsonCharOf(set: CharSet): Expr | null {
  const [range] = set;
  if (set.length === 1 && range !== undefined && range[0] === range[1]) {
    return text(JSON.stringify(String.fromCodePoint(range[0])).slice(1, -1));
  }
  const plain = subtract(set, complement(PLAIN));
  const escapes: Expr[] = [];
  const letters = [...SHORT_ESCAPES].filter(([code]) => contains(set, code)).map(([, letter]) => letter);
  if (letters.length > 0) escapes.push(oneOf(letters.join('')));
  const hex: Expr[] = [];
  for (const high of [0, 1]) {
    const codes = Array.from({ length: 16 }, (_, low) => high * 16 + low);
    const wanted = codes.filter((code) => contains(set, code) && !SHORT_ESCAPES.has(code));
    const digits = wanted.map((code) => (code & 15).toString(16)).join('');
    if (digits !== '') hex.push(sequence(text(String(high)), oneOf(digits)));
  }
  if (hex.length > 0) escapes.push(sequence(text('u00'), choice(...hex)));
  const options: Expr[] = [];
  if (plain.length > 0) options.push(chars(...plain));
  if (escapes.length > 0) options.push(sequence(text('\\'), choice(...escapes)));
  return options.length === 0 ? null : choice(...options);
}
