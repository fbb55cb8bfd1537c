/** Decimal integers within bounds, as digit patterns. Exact for any size. */
import { choice, DIGIT, type Expr, NOTHING, repeat, sequence, span, text } from './gbnf.ts';

/** Numbers from `low` to `high` (0 <= low <= high), without leading zeros. */
export function naturalsBetween(low: bigint, high: bigint): Expr {
  const options: Expr[] = [];
  for (let digits = String(low).length; digits <= String(high).length; digits++) {
    const least = digits === 1 ? 0n : 10n ** BigInt(digits - 1);
    const most = 10n ** BigInt(digits) - 1n;
    const from = low > least ? low : least;
    const to = high < most ? high : most;
    options.push(sameLength(String(from), String(to)));
  }
  return choice(...options);
}

/** Digit strings of one length, from `low` to `high`. */
function sameLength(low: string, high: string): Expr {
  const rest = low.length - 1;
  if (rest < 0) return NOTHING;
  const first = low[0] ?? '0';
  const last = high[0] ?? '9';
  const lowRest = low.slice(1);
  const highRest = high.slice(1);
  if (first === last) return sequence(text(first), sameLength(lowRest, highRest));
  const options: Expr[] = [];
  let from = Number(first);
  let to = Number(last);
  if (lowRest !== '0'.repeat(rest)) {
    options.push(sequence(text(first), sameLength(lowRest, '9'.repeat(rest))));
    from += 1;
  }
  const top =
    highRest === '9'.repeat(rest) ? null : sequence(text(last), sameLength('0'.repeat(rest), highRest));
  if (top !== null) to -= 1;
  if (from <= to) {
    const digit = from === 0 && to === 9 ? DIGIT : span(String(from), String(to));
    options.push(rest === 0 ? digit : sequence(digit, repeat(DIGIT, rest)));
  }
  if (top !== null) options.push(top);
  return choice(...options);
}

/** Integers from `low` to `high` (low <= high); zero has no sign. */
export function integersBetween(low: bigint, high: bigint): Expr {
  const options: Expr[] = [];
  if (high >= 0n) options.push(naturalsBetween(low > 0n ? low : 0n, high));
  if (low < 0n) options.push(sequence(text('-'), naturalsBetween(high < 0n ? -high : 1n, -low)));
  return choice(...options);
}
