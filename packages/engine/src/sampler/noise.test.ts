import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GUMBEL_BOUND, gumbel, noiseBits, noiseStream } from './noise.ts';

/** The hash once more, from its public description, over bytes and in big integers. */
function murmur3(bytes: Uint8Array): number {
  const mask = 0xffff_ffffn;
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) & mask;
  const view = new DataView(bytes.buffer);
  let h = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    const k = (BigInt(view.getUint32(at, true)) * 0xcc9e2d51n) & mask;
    h = rotate(h ^ ((rotate(k, 15n) * 0x1b873593n) & mask), 13n);
    h = (h * 5n + 0xe6546b64n) & mask;
  }
  h ^= BigInt(bytes.length);
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(h ^ (h >> 16n));
}

function keyOf(seed: bigint, position: number, token: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, seed, true);
  view.setUint32(8, position, true);
  view.setUint32(12, token, true);
  return new Uint8Array(view.buffer);
}

describe('noise', () => {
  test('gives the stated values', () => {
    const vectors: [bigint, number, number, number][] = [
      [0n, 0, 0, 0x8134cdf8],
      [1n, 0, 0, 0x92228d1b],
      [0n, 1, 0, 0x0d568719],
      [0n, 0, 1, 0x00990201],
      [42n, 17, 4096, 0xdd7e8662],
      [0x0123456789abcdefn, 1000, 49151, 0xd6584f61],
      [0xffff_ffff_ffff_ffffn, 0xffff_ffff, 255999, 0x2e5da7be],
    ];
    for (const [seed, position, token, expected] of vectors) {
      expect(noiseBits(noiseStream(seed, position), token)).toBe(expected);
    }
    expect(gumbel(0x8134cdf8)).toBe(0.3801375633265497);
    expect(gumbel(0x00990201)).toBe(-1.8016876475570605);
  });

  test('is MurmurHash3 of the sixteen bytes', () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), word, word, (seed, position, token) => {
        expect(noiseBits(noiseStream(seed, position), token)).toBe(murmur3(keyOf(seed, position, token)));
      }),
    );
  });

  test('never exceeds the bound that spares its logarithms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), fc.nat(31), (bits, shift) => {
        // Shifted in ones: the bounds matter where bits are close to 2^32.
        const high = ~(~bits >>> shift) >>> 0;
        expect(gumbel(high)).toBeLessThan(GUMBEL_BOUND[Math.clz32(~high)] as number);
      }),
      { numRuns: 10_000 },
    );
    expect(gumbel(0xffff_ffff)).toBeLessThan(GUMBEL_BOUND[32] as number);
    expect(gumbel(0)).toBeGreaterThan(-3.15);
  });

  test('is uniform over tokens, positions and seeds', () => {
    const bins = 64;
    const draws = 65_536;
    const sources: ((i: number) => number)[] = [
      (i) => noiseBits(noiseStream(7n, 3), i),
      (i) => noiseBits(noiseStream(7n, i), 3),
      (i) => noiseBits(noiseStream(BigInt(i), 3), 3),
      (i) => noiseBits(noiseStream(BigInt(i) << 32n, 3), 3),
      (i) => noiseBits(noiseStream(9n, i), 5) ^ noiseBits(noiseStream(9n, i + 1), 5),
      (i) => noiseBits(noiseStream(9n, 5), i) ^ noiseBits(noiseStream(10n, 5), i),
    ];
    for (const source of sources) {
      for (const shift of [26, 13, 0]) {
        const counts = new Int32Array(bins);
        for (let i = 0; i < draws; i++) {
          const bin = (source(i) >>> shift) & (bins - 1);
          counts[bin] = (counts[bin] as number) + 1;
        }
        const expected = draws / bins;
        const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
        // 63 degrees of freedom: 130 is beyond one in 10^6.
        expect(chi2).toBeLessThan(130);
      }
    }
  });
});
