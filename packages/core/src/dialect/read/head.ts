/** The beginnings that a call can have, up to its arguments, matched while they come in. */
import { HEAD_CHARS_MAX } from '../limits.ts';
import { isBlank } from './call-reader.ts';

/** A string stands for itself. `blanks`: any number of them. `name`: that of a tool. `id`: letters and digits. */
export type HeadPart = string | { readonly any: 'blanks' | 'name' | 'id' };
export type Head = readonly HeadPart[];

export const BLANKS: HeadPart = { any: 'blanks' };
export const NAME: HeadPart = { any: 'name' };
export const ID: HeadPart = { any: 'id' };

/** The tool's name, or whether more characters may still make a head of it. */
export type HeadMatch = { name: string } | 'partial' | 'none';

export function matchHeads(heads: readonly Head[], text: string, names: ReadonlySet<string>): HeadMatch {
  if (text.length > HEAD_CHARS_MAX) return 'none';
  let best: HeadMatch = 'none';
  for (const head of heads) {
    const match = matchHead(head, text, names);
    if (typeof match === 'object') return match;
    if (match === 'partial') best = 'partial';
  }
  return best;
}

function matchHead(head: Head, text: string, names: ReadonlySet<string>): HeadMatch {
  let at = 0;
  let name = '';
  for (const part of head) {
    const rest = text.slice(at);
    if (typeof part === 'string') {
      if (rest.length < part.length) return part.startsWith(rest) ? 'partial' : 'none';
      if (!rest.startsWith(part)) return 'none';
      at += part.length;
      continue;
    }
    const length = lengthOf(part.any, rest);
    if (part.any === 'name') name = rest.slice(0, length);
    at += length;
    if (at === text.length) return part.any !== 'name' || couldBe(name, names) ? 'partial' : 'none';
    if (part.any === 'name' && !names.has(name)) return 'none';
  }
  return { name };
}

function lengthOf(kind: 'blanks' | 'name' | 'id', text: string): number {
  let length = 0;
  const belongs = kind === 'blanks' ? isBlank : (char: string): boolean => /[a-zA-Z0-9_-]/.test(char);
  while (length < text.length && belongs(text.charAt(length))) length += 1;
  return length;
}

function couldBe(beginning: string, names: ReadonlySet<string>): boolean {
  for (const name of names) if (name.startsWith(beginning)) return true;
  return false;
}
