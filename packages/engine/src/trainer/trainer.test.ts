/** The graphs against formulas in f64, which finite differences check, and what a training promises. */

import type { TrainingBatch } from '@filon/core/training/batch';
import { afterEach, describe, expect, test } from 'vitest';
import { initialAdapters } from './adapter-model.ts';
import { Q8_0 } from './graph/builder.ts';
import { initialWeights, normalNumbers } from './initial-weights.ts';
import {
  type Matrix,
  matrix,
  type ReferenceAdapter,
  referenceLoss,
  referenceModel,
} from './reference.fixture.ts';
import { type LlamaShape, PROJECTIONS, tensorsOf } from './shape.ts';
import type { Trainer } from './trainer.ts';
import {
  adapterTrainer,
  BF16,
  F16,
  F32,
  quantized,
  randomBatch,
  TINY_SHAPE,
  wholeTrainer,
} from './training.fixture.ts';

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

const SHAPES: [string, LlamaShape, typeof BATCH?][] = [
  ['tied, adjacent pairs, grouped queries', TINY_SHAPE],
  [
    'untied, halves, a head of keys for each of queries',
    { ...TINY_SHAPE, tied: false, ropeLayout: 'halves', kvHeads: 4 },
  ],
  [
    'rows so far apart that copies go by blocks',
    { ...TINY_SHAPE, layers: 1, feedForward: 512 },
    { sequences: 8, length: 32 },
  ],
];

describe.each(SHAPES)('%s', (_, shape, sizes = BATCH) => {
  const KINDS: [string, typeof F32, number][] = [
    ['f32, transposed copies', F32, 1e-4],
    ['f32, outer products', { ...F32, large: 'outer', attention: 'outer' }, 1e-4],
    ['f32, outer products in attention', { ...F32, attention: 'outer' }, 1e-4],
    ['bf16', BF16, 2e-2],
    ['f16', F16, 1e-2],
  ];
  test.each(KINDS)('loss and every gradient in %s', async (_kind, kinds, bound) => {
    const weights = strongWeights(shape, 7);
    const batch = randomBatch(shape, sizes.sequences, sizes.length, 9);
    const model = referenceModel(shape, weights);
    const loss = referenceLoss(shape, model, batch);
    for (const recompute of [false, true]) {
      const trainer = await wholeTrainer({ shape, batch: sizes, kinds, recompute }, weights);
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

describe('adapters on a frozen base', () => {
  const shape = TINY_SHAPE;
  const adapter = { rank: 4, alpha: 8, projections: PROJECTIONS };

  test.each([
    ['f32, outer products', F32, 1e-4],
    ['f32, transposed copies', { ...F32, adapters: 'transposed' as const }, 1e-4],
    ['bf16', BF16, 2e-2],
  ])('loss and every gradient in %s', async (_, kinds, bound) => {
    const base = strongWeights(shape, 7);
    const normal = normalNumbers(3);
    const adapters = new Map(
      [...initialAdapters(shape, adapter, 5)].map(([name, numbers]) => [
        name,
        numbers.map(() => 0.1 * normal()),
      ]),
    );
    const batch = randomBatch(shape, BATCH.sequences, BATCH.length, 9);
    const references = new Map<string, ReferenceAdapter>();
    for (const name of [...base.keys()].filter((key) => adapters.has(`${key}.lora_a`))) {
      const [a, b] = [adapters.get(`${name}.lora_a`), adapters.get(`${name}.lora_b`)] as [
        Float32Array,
        Float32Array,
      ];
      references.set(name, {
        a: matrix(4, a.length / 4, a),
        b: transposed(matrix(4, b.length / 4, b)),
        scale: 2,
      });
    }
    const loss = referenceLoss(shape, referenceModel(shape, base), batch, references);
    const trainer = await adapterTrainer(
      { shape, batch: BATCH, kinds, recompute: false, adapter },
      base,
      adapters,
    );
    open.push(trainer);
    const result = await trainer.accumulate([batch]);
    expect(Math.abs(result.loss - loss) / loss).toBeLessThan(bound);
    expect(references.size).toBe(PROJECTIONS.length * shape.layers);
    for (const [name, reference] of references) {
      const a = trainer.readTensor('gradients', `${name}.lora_a`);
      expect(distance(a, reference.a.gradient), `${name} A`).toBeLessThan(bound);
      const b = trainer.readTensor('gradients', `${name}.lora_b`);
      const expected = transposed({ ...reference.b, data: reference.b.gradient });
      expect(distance(b, expected.data), `${name} B`).toBeLessThan(bound);
    }
  });

  test('a base of 8 bits is read as it is stored, forward and back', async () => {
    const wide = { ...shape, width: 64, headWidth: 16 };
    type Stored = Float32Array | { type: number; bytes: Uint8Array };
    const base = new Map(
      [...strongWeights(wide, 7)].map(([name, numbers]): [string, { stored: Stored; read: Float32Array }] => {
        if (name.includes('norm')) return [name, { stored: numbers, read: numbers }];
        const { bytes, read } = quantized(numbers);
        return [name, { stored: { type: Q8_0, bytes }, read }];
      }),
    );
    const normal = normalNumbers(3);
    const adapters = new Map(
      [...initialAdapters(wide, adapter, 5)].map(([name, numbers]) => [
        name,
        numbers.map(() => 0.1 * normal()),
      ]),
    );
    const batch = randomBatch(wide, BATCH.sequences, BATCH.length, 9);
    const settings = { shape: wide, batch: BATCH, kinds: BF16, recompute: false, adapter };
    const inEightBits = await adapterTrainer(
      settings,
      new Map([...base].map(([name, { stored }]) => [name, stored])),
      adapters,
    );
    const inFull = await adapterTrainer(
      { ...settings, kinds: F32 },
      new Map([...base].map(([name, { read }]) => [name, read])),
      adapters,
    );
    open.push(inEightBits, inFull);
    const eight = await inEightBits.accumulate([batch]);
    const full = await inFull.accumulate([batch]);
    expect(Math.abs(eight.loss - full.loss) / full.loss).toBeLessThan(1e-2);
    // What is multiplied with 8 bits is rounded to 8 bits as well, forward and back.
    expect(distance(inEightBits.read('gradients')[0] ?? [], inFull.read('gradients')[0] ?? [])).toBeLessThan(
      5e-2,
    );
  });

  test('fresh ones change nothing', async () => {
    const base = initialWeights(shape, 1);
    const batch = randomBatch(shape, BATCH.sequences, BATCH.length, 9);
    const settings = { shape, batch: BATCH, kinds: F32, recompute: false };
    const plain = await wholeTrainer(settings, base);
    const adapted = await adapterTrainer({ ...settings, adapter }, base, initialAdapters(shape, adapter, 5));
    open.push(plain, adapted);
    expect((await adapted.evaluate(batch)).loss).toBe((await plain.evaluate(batch)).loss);
  });
});

describe('a training', () => {
  const settings = { shape: TINY_SHAPE, batch: BATCH, kinds: F32, recompute: false };
  const values = {
    learningRate: 3e-3,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weightDecay: 0.1,
    clipNorm: 1,
  };
  const batches = Array.from({ length: 6 }, (_, seed) =>
    randomBatch(TINY_SHAPE, BATCH.sequences, BATCH.length, seed),
  );

  test('that went on from its state is the one that was never interrupted, bit for bit', async () => {
    const whole = await wholeTrainer(settings);
    const first = await wholeTrainer(settings);
    open.push(whole, first);
    const losses: number[] = [];
    for (const batch of batches) losses.push((await whole.step([batch], values)).loss);
    for (const batch of batches.slice(0, 3)) await first.step([batch], values);
    const second = await wholeTrainer(settings, initialWeights(TINY_SHAPE, 99));
    open.push(second);
    for (const part of ['values', 'm', 'v'] as const) await second.write(part, first.read(part));
    second.resumeAt(first.progress);
    const resumed: number[] = [];
    for (const batch of batches.slice(3)) resumed.push((await second.step([batch], values)).loss);
    expect(resumed).toEqual(losses.slice(3));
    expect(second.read('values')).toEqual(whole.read('values'));
  });

  test('learns what it is shown again and again', async () => {
    const trainer = await wholeTrainer(settings);
    open.push(trainer);
    const [batch] = batches as [TrainingBatch];
    const first = await trainer.step([batch], { ...values, learningRate: 1e-2 });
    let last = first;
    for (let step = 0; step < 40; step += 1)
      last = await trainer.step([batch], { ...values, learningRate: 1e-2 });
    expect(first.loss).toBeCloseTo(Math.log(TINY_SHAPE.vocabulary), 1);
    expect(last.loss).toBeLessThan(first.loss / 4);
  });

  test('has the same gradient from one batch as from its sequences one by one', async () => {
    const one = { ...settings, batch: { sequences: 1, length: BATCH.length } };
    const whole = await wholeTrainer(settings);
    const parts = await wholeTrainer(one);
    open.push(whole, parts);
    const [batch] = batches as [TrainingBatch];
    const all = await whole.accumulate([batch]);
    const summed = await parts.accumulate(sequencesOf(batch));
    expect(summed.tokens).toBe(all.tokens);
    expect(summed.loss).toBeCloseTo(all.loss, 5);
    for (const [index, flat] of parts.read('gradients').entries())
      expect(distance(flat, whole.read('gradients')[index] ?? [])).toBeLessThan(1e-5);
  });

  test('clips by the norm of all gradients together', async () => {
    const free = await wholeTrainer(settings);
    const clipped = await wholeTrainer(settings);
    open.push(free, clipped);
    const [batch] = batches as [TrainingBatch];
    const { gradientNorm } = await free.step([batch], { ...values, clipNorm: 0 });
    const result = await clipped.step([batch], { ...values, clipNorm: gradientNorm / 4 });
    expect(result.gradientNorm).toBe(gradientNorm);
    for (const [index, flat] of clipped.read('m').entries()) {
      const quarter = (free.read('m')[index] as Float32Array).map((moment) => moment / 4);
      expect(distance(flat, quarter)).toBeLessThan(1e-5);
    }
  });

  test('changes nothing when a number is none', async () => {
    const trainer = await wholeTrainer(settings);
    open.push(trainer);
    const values0 = trainer.read('values');
    const broken = values0.map((flat) => flat.map((value, index) => (index === 5 ? Number.NaN : value)));
    await trainer.write('values', broken);
    const failing = trainer.step([batches[0] as TrainingBatch], values);
    await expect(failing).rejects.toMatchObject({
      code: 'TRAIN_NOT_FINITE',
      details: { update: 1, loss: Number.NaN },
    });
    expect(trainer.read('values')).toEqual(broken);
    expect(trainer.progress.updates).toBe(0);
  });

  test('refuses batches that are none', async () => {
    const trainer = await wholeTrainer(settings);
    open.push(trainer);
    const batch = randomBatch(TINY_SHAPE, BATCH.sequences, BATCH.length, 1);
    const wrong = [
      randomBatch(TINY_SHAPE, 2, BATCH.length, 1),
      { ...batch, tokens: batch.tokens.with(3, TINY_SHAPE.vocabulary) },
      { ...batch, tokens: batch.tokens.slice(1) },
    ];
    for (const one of wrong)
      await expect(trainer.step([one], values)).rejects.toMatchObject({ code: 'TRAIN_BATCH_INVALID' });
  });
});

function sequencesOf({ sequences, length, ...arrays }: TrainingBatch): TrainingBatch[] {
  return Array.from({ length: sequences }, (_, sequence) => {
    const part = (array: Int32Array) => array.slice(sequence * length, (sequence + 1) * length);
    return {
      sequences: 1,
      length,
      tokens: part(arrays.tokens),
      targets: part(arrays.targets),
      positions: part(arrays.positions),
      documents: part(arrays.documents),
    };
  });
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  return matrix(
    columns,
    rows,
    Array.from(
      { length: rows * columns },
      (_, index) => data[(index % rows) * columns + Math.floor(index / rows)] ?? 0,
    ),
  );
}
