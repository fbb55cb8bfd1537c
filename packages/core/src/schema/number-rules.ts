/**
 * Numbers within bounds. Integers exactly. Other numbers between whole bounds, without exponents; beside an exclusive
 * bound their digits are few enough that no rounding to a double reaches the bound.
 */
import { FRACTION_DIGITS_MAX, INTEGER_DIGITS_MAX } from './base-rules.ts';
import type { Facts } from './facts.ts';
import { choice, DIGIT, type Expr, optional, repeat, rule, sequence, span, text } from './gbnf.ts';
import { integersBetween, naturalsBetween } from './integer-range.ts';
import { invalid, unsupported } from './refuse.ts';
import type { TypedShape } from './shape.ts';

const LARGEST = 10n ** BigInt(INTEGER_DIGITS_MAX) - 1n;
/** Decimal digits that a double always keeps apart. */
const EXACT_DIGITS = 15;

interface Bound {
  readonly keyword: string;
  readonly value: number;
  readonly exclusive: boolean;
}

export function numberRule(shape: TypedShape): Expr {
  const low = tighter(boundOf(shape.facts, 'minimum'), boundOf(shape.facts, 'exclusiveMinimum'), 1);
  const high = tighter(boundOf(shape.facts, 'maximum'), boundOf(shape.facts, 'exclusiveMaximum'), -1);
  if (low === null && high === null) return rule(shape.kind);
  const expr = shape.kind === 'integer' ? integerRule(low, high) : decimalRule(low, high, shape.pointer);
  if (expr === null) throw invalid(shape.pointer, 'no number lies within its bounds');
  return expr;
}

function boundOf(facts: Facts, keyword: string): Bound | null {
  const fact = facts.get(keyword);
  if (fact === undefined) return null;
  if (typeof fact.schema !== 'number') throw invalid(fact.pointer, `"${keyword}" must be a number`);
  return { keyword, value: fact.schema, exclusive: keyword.startsWith('exclusive') };
}

/** The stricter of two bounds of one side; `direction` is 1 for lower bounds, -1 for upper ones. */
function tighter(plain: Bound | null, exclusive: Bound | null, direction: 1 | -1): Bound | null {
  if (plain === null || exclusive === null) return plain ?? exclusive;
  return (exclusive.value - plain.value) * direction >= 0 ? exclusive : plain;
}

function integerRule(low: Bound | null, high: Bound | null): Expr | null {
  let from = -LARGEST;
  let to = LARGEST;
  if (low !== null) {
    const least = low.exclusive ? BigInt(Math.floor(low.value)) + 1n : BigInt(Math.ceil(low.value));
    if (least > from) from = least;
  }
  if (high !== null) {
    const most = high.exclusive ? BigInt(Math.ceil(high.value)) - 1n : BigInt(Math.floor(high.value));
    if (most < to) to = most;
  }
  return from > to ? null : integersBetween(from, to);
}

function decimalRule(low: Bound | null, high: Bound | null, pointer: string): Expr | null {
  for (const bound of [low, high]) {
    if (bound === null || (Number.isInteger(bound.value) && Math.abs(bound.value) < 10 ** (EXACT_DIGITS - 3)))
      continue;
    throw unsupported(
      pointer,
      bound.keyword,
      'Bounds of numbers must be whole and below 10^12; or use type integer',
    );
  }
  const options: Expr[] = [];
  const zero: Bound = { keyword: '', value: 0, exclusive: false };
  const above = high === null || high.value > 0 || (high.value === 0 && !high.exclusive);
  const positive = {
    low: low === null || low.value < 0 ? zero : low,
    high,
  };
  if (above) options.push(...magnitudes(positive));
  if (low === null || low.value < 0) {
    const least = high === null || high.value > 0 ? zero : flipped(high);
    const negative = magnitudes({ low: least, high: low === null ? null : flipped(low) });
    options.push(...negative.map((option) => sequence(text('-'), option)));
  }
  return options.length === 0 ? null : choice(...options);
}

function flipped(bound: Bound): Bound {
  return { ...bound, value: Math.abs(bound.value) };
}

/** Numbers from 0 up within bounds of 0 or more: strictly between whole numbers, and at the bounds themselves. */
function magnitudes({ low, high }: { low: Bound; high: Bound | null }): readonly Expr[] {
  const from = BigInt(low.value);
  const to = high === null ? LARGEST : BigInt(high.value);
  const careful = low.exclusive || high?.exclusive === true;
  const digits = careful ? EXACT_DIGITS - String(high === null ? from : to).length : FRACTION_DIGITS_MAX;
  const fraction = optional(sequence(text('.'), repeat(DIGIT, 1, digits)));
  const options: Expr[] = [];
  if (low.exclusive && from < to) {
    options.push(sequence(text(`${from}.`), notAllZeros(digits)));
  }
  const firstWhole = low.exclusive ? from + 1n : from;
  if (firstWhole <= to - 1n) options.push(sequence(naturalsBetween(firstWhole, to - 1n), fraction));
  const reachesTop = (high === null || !high.exclusive) && firstWhole <= to;
  if (reachesTop)
    options.push(sequence(text(String(to)), optional(sequence(text('.'), repeat(text('0'), 1, digits)))));
  return options;
}

/** Up to `digits` digits, at least one of them not zero. */
function notAllZeros(digits: number): Expr {
  const here = sequence(span('1', '9'), repeat(DIGIT, 0, digits - 1));
  return digits === 1 ? here : choice(here, sequence(text('0'), notAllZeros(digits - 1)));
}
