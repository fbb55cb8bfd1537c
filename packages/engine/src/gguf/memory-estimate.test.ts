import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EstimateInput, memoryEstimate } from './memory-estimate.ts';

/** SmolLM2-135M, as its header says. */
const SMOL: EstimateInput = {
  fileBytes: 98_362_432,
  dataOffset: 1_785_664,
  kvHeads: new Array<number>(30).fill(3),
  keyLength: 64,
  valueLength: 64,
  embeddingLength: 576,
  feedForwardLength: 1536,
  heads: 9,
  vocabTokens: 49_152,
};
const MIB = 2 ** 20;

test('agrees with what the engine allocates for a model whose buffers were read off', () => {
  const estimate = memoryEstimate(SMOL, { contextTokens: 8192, sessions: 1, kvType: 'f16' });
  expect(estimate.kvBytes).toBe(180 * MIB);
  expect(estimate.weightBytes / MIB).toBeCloseTo(92.1, 0);
  // The engine reserved 21.5 MiB.
  expect(estimate.computeBytes / MIB).toBeGreaterThan(21.5);
  expect(estimate.computeBytes / MIB).toBeLessThan(21.5 * 1.3);
});

test('a quantized cache is smaller, one in f32 twice as large', () => {
  const bytes = (kvType: 'f32' | 'f16' | 'q8_0'): number =>
    memoryEstimate(SMOL, { contextTokens: 4096, sessions: 2, kvType }).kvBytes;
  expect(bytes('f32')).toBe(2 * bytes('f16'));
  expect(bytes('q8_0')).toBeLessThan(0.54 * bytes('f16'));
});

test('attention without the flash kernel costs a score for every head', () => {
  const shape = { contextTokens: 8192, sessions: 1, kvType: 'f16' } as const;
  const flash = memoryEstimate(SMOL, shape).computeBytes;
  const plain = memoryEstimate(SMOL, { ...shape, flashAttention: false }).computeBytes;
  expect(plain - flash).toBe(512 * 8192 * 9 * 4);
});

test('layers without attention need no cache', () => {
  const hybrid = { ...SMOL, kvHeads: SMOL.kvHeads.map((heads, layer) => (layer % 3 === 0 ? heads : 0)) };
  const shape = { contextTokens: 8192, sessions: 1, kvType: 'f16' } as const;
  expect(memoryEstimate(hybrid, shape).kvBytes).toBe(60 * MIB);
});

test('more sessions or more tokens never need less, and the total is the sum', () => {
  const size = fc.integer({ min: 1, max: 131_072 });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 1, max: 64 }), (tokens, more, sessions) => {
      const small = memoryEstimate(SMOL, { contextTokens: tokens, sessions, kvType: 'f16' });
      const large = memoryEstimate(SMOL, {
        contextTokens: tokens + more,
        sessions: sessions + 1,
        kvType: 'f16',
      });
      const parts = small.weightBytes + small.kvBytes + small.computeBytes + small.processBytes;
      return small.totalBytes === parts && large.totalBytes > small.totalBytes;
    }),
  );
});
