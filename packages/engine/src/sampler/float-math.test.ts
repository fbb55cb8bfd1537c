import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exp, ln } from './float-math.ts';

function bits(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

/** Distance to the engine's own function in units of the last place. */
function ulps(mine: number, reference: number): number {
  if (mine === reference) return 0;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(reference))) - 52);
  return Math.abs(mine - reference) / unit;
}

describe('ln', () => {
  test('gives the stated bits', () => {
    const vectors: [number, string][] = [
      [0.5 / 2 ** 32, 'c036dfb516f20bbf'],
      [1e-9, 'c034b927f32bffb8'],
      [0.1, 'c0026bb1bbb55515'],
      [0.5, 'bfe62e42fefa39ef'],
      [0.75, 'bfd269621134db92'],
      [1 - 2 ** -33, 'bde0000000040000'],
      [1, '0000000000000000'],
      [2, '3fe62e42fefa39ef'],
      [12345.678, '4022d79559791e31'],
    ];
    for (const [x, expected] of vectors) expect(bits(ln(x))).toBe(expected);
  });

  test('is within 3 ulp of the true logarithm', () => {
    const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
    const nearOne = fc.double({ min: 0.7, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(positive, nearOne), (x) => {
        expect(ulps(ln(x), Math.log(x))).toBeLessThan(3);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('exp', () => {
  test('gives the stated bits', () => {
    const vectors: [number, string][] = [
      [-700, '00d14f2b0fb9307f'],
      [-50.5, '3b61ad9f47f3722a'],
      [-1, '3fd78b56362cef38'],
      [-0.001, '3feff7cfe56f1a9e'],
      [0, '3ff0000000000000'],
      [0.5, '3ffa61298e1e069b'],
      [1, '4005bf0a8b145769'],
      [10, '40d5829dcf95055f'],
    ];
    for (const [x, expected] of vectors) expect(bits(exp(x))).toBe(expected);
  });

  test('is within 3 ulp of the true exponential', () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(ulps(exp(x), Math.exp(x))).toBeLessThan(3);
      }),
      { numRuns: 20_000 },
    );
  });

  test('ends in zero and infinity', () => {
    expect(exp(-709)).toBe(0);
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exp(Number.NaN)).toBe(0);
    expect(exp(710)).toBe(Number.POSITIVE_INFINITY);
  });
});
