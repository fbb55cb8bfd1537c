/** Names of further properties: any string but those that the schema describes itself. */
import { NAME_CHAR } from './base-rules.ts';
import { complement, jsonCharOf } from './char-set.ts';
import { type CharRange, choice, type Expr, repeat, sequence, text } from './gbnf.ts';

interface Trie {
  readonly children: Map<number, Trie>;
  ends: boolean;
}

/**
 * A quoted string that is none of `taken`. Each character has one form only (that of JSON.stringify), so that a taken
 * name cannot come back in disguise.
 */
export function otherNames(taken: readonly string[]): Expr {
  const root: Trie = { children: new Map(), ends: false };
  for (const name of taken) {
    let node = root;
    for (const letter of name) {
      const code = letter.codePointAt(0) ?? 0;
      const child = node.children.get(code) ?? { children: new Map(), ends: false };
      node.children.set(code, child);
      node = child;
    }
    node.ends = true;
  }
  return sequence(text('"'), remainder(root));
}

/** What may follow a beginning that some taken names share, the closing quote included. */
function remainder(node: Trie): Expr {
  const codes = [...node.children.keys()];
  const other = jsonCharOf(complement(codes.sort((a, b) => a - b).map((code): CharRange => [code, code])));
  const options: Expr[] = [];
  if (!node.ends) options.push(text('"'));
  for (const [code, child] of node.children) {
    const letter = jsonCharOf([[code, code]]);
    if (letter !== null) options.push(sequence(letter, remainder(child)));
  }
  if (other !== null) options.push(sequence(other, repeat(NAME_CHAR, 0, null), text('"')));
  return choice(...options);
}
