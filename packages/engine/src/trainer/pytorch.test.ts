/** The trainer against PyTorch, by losses and gradients that `pytorch.fixture.py` wrote down once. */
import { readFileSync } from 'node:fs';
import type { TrainingBatch } from '@filon/core/training/batch';
import type { StepValues } from '@filon/core/training/session';
import { expect, test } from 'vitest';
import { type LlamaShape, tensorsOf } from './shape.ts';
import { BF16, F32, wholeTrainer } from './training.fixture.ts';

interface Fixture {
  shape: Omit<LlamaShape, 'headWidth' | 'ropeLayout'>;
  sequences: number;
  length: number;
  values: StepValues;
  batches: Record<'tokens' | 'targets' | 'positions' | 'documents', number[]>[];
  strongLoss: number;
  losses: { f32: number[]; bf16: number[] };
  places: Record<string, [from: number, length: number]>;
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url));
const fixture = JSON.parse(String(read('./pytorch.fixture.json'))) as Fixture;
const bytes = read('./pytorch.fixture.bin');
const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);

const shape: LlamaShape = {
  ...fixture.shape,
  headWidth: fixture.shape.width / fixture.shape.heads,
  ropeLayout: 'adjacent',
};
const batches = fixture.batches.map(
  (fields): TrainingBatch => ({
    sequences: fixture.sequences,
    length: fixture.length,
    tokens: Int32Array.from(fields.tokens),
    targets: Int32Array.from(fields.targets),
    positions: Int32Array.from(fields.positions),
    documents: Int32Array.from(fields.documents),
  }),
);

function arrays(kind: 'weights' | 'strong' | 'gradients'): Map<string, Float32Array> {
  return new Map(
    tensorsOf(shape).map(({ name }) => {
      const [from, length] = fixture.places[`${kind}/${name}`] ?? [0, 0];
      return [name, numbers.slice(from, from + length)];
    }),
  );
}

function open(weights: Map<string, Float32Array>, kinds: typeof F32) {
  const batch = { sequences: fixture.sequences, length: fixture.length };
  return wholeTrainer({ shape, batch, kinds, recompute: false }, weights);
}

function distance(a: Float32Array, b: Float32Array): number {
  const norm = (values: Float32Array) => Math.hypot(...values);
  return norm(a.map((value, index) => value - (b[index] as number))) / norm(b);
}

test.each([
  ['f32', F32, 1e-4],
  ['bf16', BF16, 2e-2],
])('loss and gradients in %s', async (_, kinds, bound) => {
  const trainer = await open(arrays('strong'), kinds);
  try {
    const { loss } = await trainer.accumulate([batches[0] as TrainingBatch]);
    expect(Math.abs(loss - fixture.strongLoss) / fixture.strongLoss).toBeLessThan(bound);
    for (const [name, gradient] of arrays('gradients'))
      expect(distance(trainer.readTensor('gradients', name), gradient), name).toBeLessThan(bound);
  } finally {
    trainer.close();
  }
});

test('fifty steps', async () => {
  const losses: Record<'f32' | 'bf16', number[]> = { f32: [], bf16: [] };
  for (const [precision, kinds] of [
    ['f32', F32],
    ['bf16', BF16],
  ] as const) {
    const trainer = await open(arrays('weights'), kinds);
    try {
      for (let step = 0; step < fixture.losses.f32.length; step += 1) {
        const batch = batches[step % batches.length] as TrainingBatch;
        losses[precision].push((await trainer.step([batch], fixture.values)).loss);
      }
    } finally {
      trainer.close();
    }
  }
  expect(losses.f32).toHaveLength(50);
  for (const [step, theirs] of fixture.losses.f32.entries())
    expect(Math.abs((losses.f32[step] ?? 0) - theirs) / theirs, `step ${step}`).toBeLessThan(1e-3);
  const [f32, bf16] = [losses.f32.at(-1) ?? 0, losses.bf16.at(-1) ?? 0];
  expect(f32).toBeLessThan((losses.f32[0] ?? 0) / 2);
  expect(Math.abs(bf16 - f32) / f32).toBeLessThan(1e-2);
});
