/**
 * Grammars as data, and their text in GBNF, the notation of llama.cpp's grammar sampler (grammars/README.md there).
 * Every rule is free of left recursion by construction of its users.
 */
/** Unicode code points, from and to, both included. */
export type CharRange = readonly [from: number, to: number];

export type Expr =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chars'; readonly ranges: readonly CharRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Expr[] }
  | { readonly kind: 'choice'; readonly options: readonly Expr[] }
  /** `max` null: without end. */
  | { readonly kind: 'repeat'; readonly of: Expr; readonly min: number; readonly max: number | null }
  | { readonly kind: 'rule'; readonly name: string };

/** Rules by name; names consist of letters, digits and dashes. `root` is the start. */
export type Rules = Map<string, Expr>;

export const NOTHING: Expr = { kind: 'sequence', parts: [] };

export function text(value: string): Expr {
  return { kind: 'text', text: value };
}

export function chars(...ranges: readonly CharRange[]): Expr {
  return { kind: 'chars', ranges };
}

/** Characters of `letters`, each by itself. */
export function oneOf(letters: string): Expr {
  return chars(...[...letters].map((letter): CharRange => [codeOf(letter), codeOf(letter)]));
}

export function span(from: string, to: string): Expr {
  return chars([codeOf(from), codeOf(to)]);
}

export function rule(name: string): Expr {
  return { kind: 'rule', name };
}

export function sequence(...parts: readonly Expr[]): Expr {
  const flat: Expr[] = [];
  for (const part of parts.flatMap((each) => (each.kind === 'sequence' ? each.parts : [each]))) {
    const last = flat.at(-1);
    if (part.kind === 'text' && last?.kind === 'text') flat[flat.length - 1] = text(last.text + part.text);
    else flat.push(part);
  }
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: 'sequence', parts: flat };
}

export function choice(...options: readonly Expr[]): Expr {
  const flat = options.flatMap((option) => (option.kind === 'choice' ? option.options : [option]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { kind: 'choice', options: flat };
}

export function repeat(of: Expr, min: number, max: number | null = min): Expr {
  if (max === 0) return NOTHING;
  if (min === 1 && max === 1) return of;
  return { kind: 'repeat', of, min, max };
}

export function optional(of: Expr): Expr {
  return repeat(of, 0, 1);
}

function codeOf(letter: string): number {
  return letter.codePointAt(0) ?? 0;
}

/** Also the digits 0 to 9, which nearly every rule needs. */
export const DIGIT: Expr = span('0', '9');

function escaped(code: number, special: string): string {
  const letter = String.fromCodePoint(code);
  if (special.includes(letter)) return `\\${letter}`;
  if (code >= 0x20 && code < 0x7f) return letter;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

function printChars(ranges: readonly CharRange[]): string {
  const parts = ranges.map(([from, to]) => {
    const first = printClassChar(from);
    return from === to ? first : `${first}-${printClassChar(to)}`;
  });
  return `[${parts.join('')}]`;
}

/** `^` has no escape of its own in a class, so it goes by number. */
function printClassChar(code: number): string {
  return code === 0x5e ? '\\x5e' : escaped(code, '\\[]-');
}

function printText(value: string): string {
  return `"${[...value].map((letter) => escaped(codeOf(letter), '\\"')).join('')}"`;
}

function printCount(min: number, max: number | null): string {
  if (min === 0 && max === 1) return '?';
  if (max === null) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}

function print(expr: Expr, inside: boolean): string {
  switch (expr.kind) {
    case 'text':
      return printText(expr.text);
    case 'chars':
      return printChars(expr.ranges);
    case 'rule':
      return expr.name;
    case 'repeat':
      return `${printRepeated(expr.of)}${printCount(expr.min, expr.max)}`;
    case 'sequence':
      // An empty alternative must be written out: the parser reads over the end of a line after "|" and "::=".
      return expr.parts.length === 0 ? '""' : expr.parts.map((part) => print(part, true)).join(' ');
    case 'choice': {
      const options = expr.options.map((option) => print(option, false)).join(' | ');
      return inside ? `(${options})` : options;
    }
  }
}

function printRepeated(of: Expr): string {
  const atom = of.kind === 'chars' || of.kind === 'rule' || (of.kind === 'text' && of.text !== '');
  return atom ? print(of, true) : `(${print(of, false)})`;
}

/** One expression as GBNF. */
export function printExpr(expr: Expr): string {
  return print(expr, false);
}

export function printRules(rules: Rules): string {
  return [...rules].map(([name, expr]) => `${name} ::= ${print(expr, false)}\n`).join('');
}
