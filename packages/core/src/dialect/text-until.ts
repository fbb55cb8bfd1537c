/** Any text in which a string does not occur, as grammar rules: Knuth, Morris and Pratt's automaton (1977). */
import { complement } from '../schema/char-set.ts';
import { type CharRange, chars, choice, type Expr, NOTHING, oneOf, rule, sequence } from '../schema/gbnf.ts';

/** Rules by name and the name of the first. `name`: their common beginning. The text may end anywhere. */
export function textWithout(
  mark: string,
  name: string,
): { rules: [name: string, expr: Expr][]; first: string } {
  const letters = [...mark];
  const ruleName = (matched: number): string => `${name}-${matched}`;
  const rules = letters.map((_, matched): [string, Expr] => {
    const options: Expr[] = [NOTHING];
    const known: CharRange[] = [];
    for (const letter of new Set(letters)) {
      const code = letter.codePointAt(0) ?? 0;
      known.push([code, code]);
      const next = lengthAfter(letters, matched, letter);
      // The last letter of the mark is the one that may not come.
      if (next < letters.length) options.push(sequence(oneOf(letter), rule(ruleName(next))));
    }
    known.sort((a, b) => a[0] - b[0]);
    options.push(sequence(chars(...complement(known)), rule(ruleName(0))));
    return [ruleName(matched), choice(...options)];
  });
  return { rules, first: ruleName(0) };
}

/** How much of the mark's beginning the text ends with, after so much of it was there and a letter came. */
function lengthAfter(mark: readonly string[], matched: number, letter: string): number {
  const text = [...mark.slice(0, matched), letter];
  for (let length = text.length; length > 0; length--) {
    if (text.slice(text.length - length).every((each, i) => each === mark[i])) return length;
  }
  return 0;
}
