/** The graphs against formulas in f64, which finite differences check, and what a training promises. */
import { afterEach, describe, expect, test } from 'vitest';
import { initialWeights } from './initial-weights.ts';
import { referenceLoss, referenceModel } from './reference.fixture.ts';
import { type LlamaShape, tensorsOf } from './shape.ts';
import type { Trainer } from './trainer.ts';
import { BF16, F32, randomBatch, TINY_SHAPE, wholeTrainer } from './training.fixture.ts';

const BATCH = { sequences: 3, length: 16 };
const open: Trainer[] = [];
afterEach(() => {
  for (const trainer of open.splice(0)) trainer.close();
});

/** Larger than fresh weights: every term of a gradient must matter. */
function strongWeights(shape: LlamaShape, seed: number): Map<string, Float32Array> {
  const gain = initialWeights(shape, seed + 1);
  return new Map(
    [...initialWeights(shape, seed)].map(([name, numbers]) => [
      name,
      name.includes('norm')
        ? numbers.map((value, index) => value + 5 * ((gain.get('token_embd.weight')?.[index] ?? 0) as number))
        : numbers.map((value) => 8 * value),
    ]),
  );
}

/** |a - b| / |b| */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < b.length; index += 1) {
    difference += ((a[index] ?? 0) - (b[index] ?? 0)) ** 2;
    norm += (b[index] ?? 0) ** 2;
  }
  return Math.sqrt(difference / norm);
}

test('the f64 formulas agree with finite differences', () => {
  const shape = {
    ...TINY_SHAPE,
    layers: 1,
    width: 8,
    heads: 2,
    kvHeads: 1,
    headWidth: 4,
    feedForward: 8,
    vocabulary: 12,
  };
  const batch = randomBatch(shape, 2, 6, 3);
  const model = referenceModel(shape, strongWeights(shape, 5));
  referenceLoss(shape, model, batch);
  const step = 1e-5;
  for (const [name, tensor] of model) {
    for (let index = 0; index < tensor.data.length; index += 7) {
      const before = tensor.data[index] as number;
      const lossAt = (value: number): number => {
        tensor.data[index] = value;
        const fresh = new Map(
          [...model].map(([key, { rows, columns, data }]) => [
            key,
            { rows, columns, data, gradient: new Float64Array(data.length) },
          ]),
        );
        return referenceLoss(shape, fresh, batch);
      };
      const numeric = (lossAt(before + step) - lossAt(before - step)) / (2 * step);
      tensor.data[index] = before;
      expect(tensor.gradient[index], `${name}[${index}]`).toBeCloseTo(numeric, 8);
    }
  }
});

const SHAPES: [string, LlamaShape][] = [
  ['tied, adjacent pairs, grouped queries', TINY_SHAPE],
  [
    'untied, halves, a head of keys for each of queries',
    { ...TINY_SHAPE, tied: false, ropeLayout: 'halves', kvHeads: 4 },
  ],
];

describe.each(SHAPES)('%s', (_, shape) => {
  const KINDS: [string, typeof F32, number][] = [
    ['f32, transposed copies', F32, 1e-4],
    ['f32, outer products', { ...F32, overTokens: 'outer' }, 1e-4],
    ['f32, transposed copies in attention too', { ...F32, attention: 'transposed' }, 1e-4],
    ['bf16', BF16, 2e-2],
  ];
  test.each(KINDS)('loss and every gradient in %s', async (_kind, kinds, bound) => {
    const weights = strongWeights(shape, 7);
    const batch = randomBatch(shape, BATCH.sequences, BATCH.length, 9);
    const model = referenceModel(shape, weights);
    const loss = referenceLoss(shape, model, batch);
    for (const recompute of [false, true]) {
      const trainer = await wholeTrainer({ shape, batch: BATCH, kinds, recompute }, weights);
      open.push(trainer);
      const result = await trainer.accumulate([batch]);
      expect(Math.abs(result.loss - loss) / loss).toBeLessThan(bound);
      for (const { name } of tensorsOf(shape)) {
        const far = distance(trainer.readTensor('gradients', name), model.get(name)?.gradient ?? []);
        expect(far, name).toBeLessThan(bound);
      }
    }
  });
});
