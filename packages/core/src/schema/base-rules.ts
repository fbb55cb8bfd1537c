/**
 * Rules that every JSON grammar shares. Blanks are few and bounded, so that a model cannot go round in blanks; numbers
 * have bounded digits for the same reason, wide enough for every number that JSON.stringify writes.
 */
import { complement, jsonCharOf, PLAIN } from './char-set.ts';
import {
  chars,
  choice,
  DIGIT,
  type Expr,
  NOTHING,
  oneOf,
  optional,
  repeat,
  rule,
  sequence,
  span,
  text,
} from './gbnf.ts';

export const INTEGER_DIGITS_MAX = 20;
export const NUMBER_DIGITS_MAX = 21;
export const FRACTION_DIGITS_MAX = 25;
const INDENT_MAX = 24;

/** Between tokens: nothing, one blank, or a new line and its indentation. */
export const WS: Expr = rule('ws');
/** After a colon. */
export const COLON: Expr = sequence(text(':'), optional(text(' ')));
export const COMMA: Expr = sequence(text(','), WS);
/** One character of a string, escaped or not; always one Unicode character, never half of one. */
export const CHAR: Expr = rule('char');
/** The same in the one form that JSON.stringify gives. */
export const NAME_CHAR: Expr = rule('name-char');

const HEX: Expr = chars([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);

const escapeByNumber = choice(
  sequence(chars([0x30, 0x39], [0x41, 0x43], [0x61, 0x63], [0x45, 0x46], [0x65, 0x66]), repeat(HEX, 3)),
  sequence(oneOf('dD'), span('0', '7'), repeat(HEX, 2)),
  sequence(
    oneOf('dD'),
    oneOf('89abAB'),
    repeat(HEX, 2),
    text('\\u'),
    oneOf('dD'),
    oneOf('cdefCDEF'),
    repeat(HEX, 2),
  ),
);

export function bracketed(
  open: string,
  body: Expr | null,
  options: { emptyAllowed: boolean; close: string },
): Expr {
  if (body === null) return sequence(text(open), WS, text(options.close));
  const full = sequence(body, WS);
  return sequence(text(open), WS, options.emptyAllowed ? optional(full) : full, text(options.close));
}

/** Short of 10^308, so that a double can hold it. */
const exponent = sequence(
  oneOf('eE'),
  choice(
    sequence(text('-'), repeat(DIGIT, 1, 3)),
    sequence(
      optional(text('+')),
      choice(repeat(DIGIT, 1, 2), sequence(oneOf('12'), DIGIT, DIGIT), sequence(text('30'), span('0', '7'))),
    ),
  ),
);
const fraction = sequence(text('.'), repeat(DIGIT, 1, FRACTION_DIGITS_MAX));

const member = rule('member');
const value = rule('value');

/** Name, definition. A rule is written out only where something refers to it. */
export const BASE_RULES: ReadonlyMap<string, Expr> = new Map<string, Expr>([
  ['ws', choice(NOTHING, text(' '), sequence(text('\n'), repeat(oneOf(' \t'), 0, INDENT_MAX)))],
  [
    'char',
    choice(
      chars(...PLAIN),
      sequence(text('\\'), choice(oneOf('"\\/bfnrt'), sequence(text('u'), escapeByNumber))),
    ),
  ],
  ['name-char', jsonCharOf(complement([])) ?? NOTHING],
  ['string', sequence(text('"'), repeat(CHAR, 0, null), text('"'))],
  ['boolean', choice(text('true'), text('false'))],
  ['null', text('null')],
  [
    'integer',
    choice(
      text('0'),
      sequence(optional(text('-')), span('1', '9'), repeat(DIGIT, 0, INTEGER_DIGITS_MAX - 1)),
    ),
  ],
  [
    'number',
    sequence(
      optional(text('-')),
      choice(
        sequence(DIGIT, optional(fraction), optional(exponent)),
        sequence(span('1', '9'), repeat(DIGIT, 1, NUMBER_DIGITS_MAX - 1), optional(fraction)),
      ),
    ),
  ],
  ['member', sequence(rule('string'), COLON, value)],
  [
    'object',
    bracketed('{', sequence(member, repeat(sequence(COMMA, member), 0, null)), {
      emptyAllowed: true,
      close: '}',
    }),
  ],
  [
    'array',
    bracketed('[', sequence(value, repeat(sequence(COMMA, value), 0, null)), {
      emptyAllowed: true,
      close: ']',
    }),
  ],
  [
    'value',
    choice(rule('object'), rule('array'), rule('string'), rule('number'), rule('boolean'), rule('null')),
  ],
]);
