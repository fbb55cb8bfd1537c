/**
 * Natural logarithm and exponential that give the same bits on every machine. `Math.log` and `Math.exp` may differ
 * between engines; these use only IEEE 754 double addition, subtraction, multiplication and division, in the order
 * written (no fused multiply-add), and the bits of the exponent. docs/protocol/sampling.md states them in words.
 */
import { invariant } from '@filon/core/errors';

/** ln 2 in two parts: the first ends in zeros, so that its product with an exponent is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const HIGH_WORD_OF_SQRT2 = 0x3ff6a09e;
const EXP_UNDERFLOW = -708;
const EXP_OVERFLOW = 709;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
invariant(words[1] === 0x3ff00000, 'the machine stores numbers little-endian');

/**
 * ln(x) for a positive, finite, normal x; error below 1 ulp or so.
 *
 * x = 2^e m with m in about [sqrt(1/2), sqrt(2)); s = (m - 1) / (m + 1); ln m = 2s (1 + s^2/3 + s^4/5 + ... + s^20/21).
 */
export function ln(x: number): number {
  double[0] = x;
  const high = words[1] as number;
  let exponent = (high >>> 20) - 1023;
  let mantissaHigh = (high & 0xfffff) | 0x3ff00000;
  if (mantissaHigh >= HIGH_WORD_OF_SQRT2) {
    mantissaHigh -= 0x100000;
    exponent += 1;
  }
  words[1] = mantissaHigh;
  const m = double[0] as number;
  const f = m - 1;
  const s = f / (m + 1);
  const z = s * s;
  let p = 1 / 21;
  p = p * z + 1 / 19;
  p = p * z + 1 / 17;
  p = p * z + 1 / 15;
  p = p * z + 1 / 13;
  p = p * z + 1 / 11;
  p = p * z + 1 / 9;
  p = p * z + 1 / 7;
  p = p * z + 1 / 5;
  p = p * z + 1 / 3;
  // 2s = f - s f exactly in theory; this form keeps the leading term free of the division's rounding.
  const tail = 2 * s * z * p;
  return exponent * LN2_HIGH + (f - (s * f - tail) + exponent * LN2_LOW);
}

/** 2^(i/64), i = 0 to 63, by the Taylor series of e^x to the 20th power at x = i ln 2 / 64. */
const ROOTS_OF_TWO: Float64Array = Float64Array.from({ length: 64 }, (_, i) => {
  const x = (i * Math.LN2) / 64;
  let p = 1;
  for (let n = 20; n >= 1; n--) p = 1 + (x * p) / n;
  return p;
});

/** 2^i for i = -1022 to 1023, at index i + 1022. */
const POWERS_OF_TWO: Float64Array = Float64Array.from({ length: 2046 }, (_, index) => {
  words[0] = 0;
  words[1] = (index + 1) << 20;
  return double[0] as number;
});

/**
 * e^x for x <= 709; 0 below -708; error below 2 ulp.
 *
 * x = k ln 2 / 64 + r with k whole; e^x = 2^floor(k / 64) 2^((k mod 64) / 64) e^r, and e^r by Taylor to the 5th power.
 */
export function exp(x: number): number {
  if (!(x >= EXP_UNDERFLOW)) return 0;
  if (x > EXP_OVERFLOW) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * (64 * Math.LOG2E) + 0.5);
  const r = x - k * (LN2_HIGH / 64) - k * (LN2_LOW / 64);
  const p = r * r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120))));
  const root = ROOTS_OF_TWO[k & 63] as number;
  return (root + root * (r + p)) * (POWERS_OF_TWO[(k >> 6) + 1022] as number);
}
