import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchFault, lossTokens, type TrainingBatch } from './batch.ts';

const VOCABULARY = 8;

/** Two sequences: two documents and padding, one document with a masked half. */
function example(): TrainingBatch {
  return {
    sequences: 2,
    length: 4,
    tokens: Int32Array.of(1, 2, 3, 0, 4, 5, 6, 7),
    targets: Int32Array.of(2, -1, -1, -1, -1, 6, 7, 1),
    positions: Int32Array.of(0, 1, 0, 0, 0, 1, 2, 3),
    documents: Int32Array.of(0, 0, 1, -1, 0, 0, 0, 0),
  };
}

test('a batch passes, and its targets are counted', () => {
  expect(batchFault(example(), VOCABULARY)).toBeNull();
  expect(lossTokens(example())).toBe(4);
});

test.each([
  ['tokens', 8, 'token 8'],
  ['tokens', -1, 'token -1'],
  ['targets', 8, 'target 8'],
  ['targets', -2, 'target -2'],
  ['positions', 4, 'position 4'],
  ['documents', -2, 'document -2'],
] as const)('%s of %i is refused wherever it is', (name, value, words) => {
  fc.assert(
    fc.property(fc.nat({ max: 7 }), (at) => {
      const batch = example();
      batch[name][at] = value;
      const where = `at ${at % 4} of sequence ${Math.floor(at / 4)}`;
      expect(batchFault(batch, VOCABULARY)).toMatch(new RegExp(`^${words} .* ${where}$`));
    }),
  );
});

test('arrays of another size, a shape out of range and targets of padding are refused', () => {
  expect(batchFault({ ...example(), tokens: new Int32Array(7) }, VOCABULARY)).toBe('7 tokens, not 8');
  expect(batchFault({ ...example(), sequences: 0 }, VOCABULARY)).toMatch('0 sequences');
  expect(batchFault({ ...example(), length: 1.5 }, VOCABULARY)).toMatch('a length of 1.5');
  expect(batchFault({ ...example(), sequences: 4096, length: 131_072 }, VOCABULARY)).toMatch('at most');
  const padded = example();
  padded.targets[3] = 1;
  expect(batchFault(padded, VOCABULARY)).toBe('target 1 is padding at 3 of sequence 0');
});
