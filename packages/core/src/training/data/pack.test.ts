import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPieces, planEpoch } from './pack.ts';
import { shuffled } from './random.ts';

const sizes = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 300 });
const offsetsOf = (tokens: readonly number[]): Uint32Array => {
  let end = 0;
  return Uint32Array.from([0, ...tokens.map((size) => (end += size))]);
};

describe('packing', () => {
  test('predicts every token but the first of each document once an epoch, in sequences that hold them', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 40 }), fc.nat(), (tokens, length, seed) => {
        const pieces = cutPieces(offsetsOf(tokens), length);
        const { order, bounds } = planEpoch(pieces, { length, seed, epoch: 0 });
        const seen = tokens.map((size) => new Uint8Array(size));
        for (const piece of order) {
          const start = pieces.starts[piece] ?? 0;
          const document = seen[pieces.documents[piece] ?? 0];
          for (let at = 1; at <= (pieces.lengths[piece] ?? 0); at++)
            document?.fill((document[start + at] ?? 0) + 1, start + at, start + at + 1);
        }
        expect(seen.map((counts) => [...counts])).toEqual(
          tokens.map((size) => [0, ...Array<number>(size - 1).fill(1)]),
        );
        for (let sequence = 0; sequence + 1 < bounds.length; sequence++) {
          const inside = order.subarray(bounds[sequence], bounds[sequence + 1]);
          expect(inside.length).toBeGreaterThan(0);
          expect(inside.reduce((sum, piece) => sum + (pieces.lengths[piece] ?? 0), 0)).toBeLessThanOrEqual(
            length,
          );
        }
      }),
    );
  });

  test('depends on seed and epoch alone', () => {
    const pieces = cutPieces(offsetsOf(Array.from({ length: 100 }, (_, at) => 2 + (at % 30))), 32);
    const plan = (seed: number, epoch: number): number[] => [
      ...planEpoch(pieces, { length: 32, seed, epoch }).order,
    ];
    expect(plan(1, 0)).toEqual(plan(1, 0));
    expect(plan(1, 1)).not.toEqual(plan(1, 0));
    expect(plan(2, 0)).not.toEqual(plan(1, 0));
    expect(plan(1 + 2 ** 32, 0)).not.toEqual(plan(1, 0));
  });

  test('leaves hardly any place empty', () => {
    const random = shuffled(5000, [3]).map((value) => 2 + (value % 200));
    const length = 256;
    const pieces = cutPieces(offsetsOf([...random]), length);
    const { bounds } = planEpoch(pieces, { length, seed: 1, epoch: 0 });
    const filled = pieces.lengths.reduce((a, b) => a + b, 0) / ((bounds.length - 1) * length);
    expect(filled).toBeGreaterThan(0.98);
  });
});

test('shuffled goes through all, evenly', () => {
  const firsts = new Map<number, number>();
  for (let seed = 0; seed < 3000; seed++) {
    const order = shuffled(5, [seed]);
    expect([...order].toSorted()).toEqual([0, 1, 2, 3, 4]);
    firsts.set(order[0] ?? 9, (firsts.get(order[0] ?? 9) ?? 0) + 1);
  }
  for (const count of firsts.values()) expect(Math.abs(count - 600)).toBeLessThan(100);
});
