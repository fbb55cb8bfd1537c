/** Real processes: what a kill costs, and what files they take. */
import { mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BYTE_VOCABULARY_SIZE, END_OF_TEXT, TURN_END } from '@filon/core/training/byte-vocabulary';
import type { StepValues, TrainingSpec } from '@filon/core/training/session';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLibraryDirectory } from '../../ffi/library-directory.ts';
import { randomBatch, TINY_SHAPE } from '../training.fixture.ts';
import { startTrainingProcess, type TrainingProcess } from './training-process.ts';

const HOST = {
  libraryDirectory: findLibraryDirectory([]),
  device: 'cpu',
  backend: 'cpu',
  threads: 1,
} as const;
const SHAPE = { ...TINY_SHAPE, vocabulary: BYTE_VOCABULARY_SIZE };
const FRESH: TrainingSpec = {
  device: 'cpu',
  model: { kind: 'fresh', model: SHAPE, seed: 1 },
  sequences: 2,
  length: 16,
  precision: 'bf16',
  recompute: false,
};
const VALUES: StepValues = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clipNorm: 1,
};
const WAIT = { signal: new AbortController().signal, timeoutMs: 60_000 };

let folder = '';
const processes: TrainingProcess[] = [];
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'filon training-')));
});
afterEach(async () => {
  for (const one of processes.splice(0)) await one.end();
  await rm(folder, { recursive: true });
});

function start(host: Partial<typeof HOST> | { device: string } = {}): TrainingProcess {
  const started = startTrainingProcess({ ...HOST, ...host });
  processes.push(started);
  return started;
}

const step = (training: TrainingProcess, seed: number) =>
  training.call('step', { batches: [randomBatch(SHAPE, 2, 16, seed)], values: VALUES }, WAIT);

test('after kill -9 a training goes on from its state with the same losses, bit for bit', async () => {
  const first = start();
  const facts = await first.call('open', FRESH, WAIT);
  expect(facts).toMatchObject({ precision: 'bf16', vocabularySize: BYTE_VOCABULARY_SIZE, updates: 0 });
  const path = join(folder, 'state');
  for (const seed of [1, 2]) await step(first, seed);
  const saved = await first.call('save', { path }, WAIT);
  expect(saved.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect((await readFile(path)).length).toBe(saved.bytes);
  const third = await step(first, 3);
  const fourth = step(first, 4);
  process.kill(first.pid, 'SIGKILL');
  await expect(fourth).rejects.toMatchObject({ code: 'TRAIN_PROCESS_DIED', details: { device: 'cpu' } });
  const second = start();
  await second.call('open', FRESH, WAIT);
  expect(await second.call('restore', { path }, WAIT)).toMatchObject({ updates: 2 });
  expect(await step(second, 3)).toEqual(third);
});

test('a LoRA on a model that was trained here', async () => {
  const base = start();
  await base.call('open', FRESH, WAIT);
  const path = join(folder, 'base.gguf');
  const name = { 'general.name': 'Tiny', 'general.license': 'apache-2.0' };
  await base.call('export', { path, type: 'f16', metadata: name }, WAIT);
  const batch = randomBatch(SHAPE, 2, 16, 5);
  const before = await base.call('evaluate', batch, WAIT);
  const model = {
    kind: 'lora' as const,
    path,
    rank: 4,
    alpha: 8,
    projections: ['q', 'v', 'down'] as const,
    seed: 1,
  };
  const lora = start();
  const facts = await lora.call('open', { ...FRESH, model }, WAIT);
  expect(facts.trainedParameters).toBe(2 * 4 * (32 + 32 + (32 + 16) + (64 + 32)));
  const fresh = await lora.call('evaluate', batch, WAIT);
  expect(fresh.loss).toBeCloseTo(before.loss, 2);
  for (let count = 0; count < 20; count += 1)
    await lora.call('step', { batches: [batch], values: { ...VALUES, learningRate: 2e-2 } }, WAIT);
  expect((await lora.call('evaluate', batch, WAIT)).loss).toBeLessThan(before.loss * 0.95);
  await lora.call('export', { path: join(folder, 'lora.gguf'), type: 'f32', metadata: {} }, WAIT);
  expect(await readdir(folder)).toEqual(['base.gguf', 'lora.gguf']);
});

test('a whole model is trained on from its file', async () => {
  const base = start();
  await base.call('open', FRESH, WAIT);
  const path = join(folder, 'base.gguf');
  await base.call('export', { path, type: 'f32', metadata: { 'general.name': 'Tiny' } }, WAIT);
  const batch = randomBatch(SHAPE, 2, 16, 5);
  const before = await base.call('evaluate', batch, WAIT);
  const on = start();
  await on.call('open', { ...FRESH, model: { kind: 'whole', path } }, WAIT);
  expect(await on.call('evaluate', batch, WAIT)).toEqual(before);
  await on.call('step', { batches: [batch], values: VALUES }, WAIT);
  const next = join(folder, 'next.gguf');
  await on.call('export', { path: next, type: 'f32', metadata: { 'general.name': 'Tiny 2' } }, WAIT);
  const again = start();
  await again.call('open', { ...FRESH, model: { kind: 'whole', path: next } }, WAIT);
  const after = await again.call('evaluate', batch, WAIT);
  expect(after).toEqual(await on.call('evaluate', batch, WAIT));
  expect(after.loss).toBeLessThan(before.loss);
});

test('the tokenizer of a model that was trained here gives its bytes, and its template its turns', async () => {
  const fresh = start();
  await fresh.call('open', FRESH, WAIT);
  const path = join(folder, 'base.gguf');
  await fresh.call('export', { path, type: 'f16', metadata: {} }, WAIT);
  const text = start();
  const facts = await text.call('vocabulary', { path }, WAIT);
  expect(facts).toMatchObject({
    ...{ vocabularySize: BYTE_VOCABULARY_SIZE, beginOfText: null, endOfText: END_OF_TEXT },
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const said = 'Ñandú <|im_end|>';
  const tokens = await text.call('tokenize', { texts: [said, ''], special: false }, WAIT);
  expect(tokens).toEqual([Int32Array.from(new TextEncoder().encode(said)), new Int32Array()]);
  const marked = await text.call('tokenize', { texts: ['a<|im_end|>'], special: true }, WAIT);
  expect(marked).toEqual([Int32Array.of(97, TURN_END)]);
  const messages = [{ role: 'user', content: 'Hi' } as const];
  expect(await text.call('render', { messages, generationPrompt: true }, WAIT)).toBe(
    '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
  );
  await expect(start().call('tokenize', { texts: [''], special: true }, WAIT)).rejects.toMatchObject({
    code: 'TRAIN_NOT_OPEN',
  });
});

test('states and files that are none are refused by name', async () => {
  const training = start();
  await expect(step(training, 1)).rejects.toMatchObject({ code: 'TRAIN_NOT_OPEN' });
  await training.call('open', FRESH, WAIT);
  const path = join(folder, 'state');
  await training.call('save', { path }, WAIT);
  const restore = (from: string) => training.call('restore', { path: from }, WAIT);
  const whole = await readFile(path);
  await truncate(path, whole.length - 1);
  await expect(restore(path)).rejects.toMatchObject({ code: 'TRAIN_STATE_INVALID' });
  await writeFile(path, 'not a state at all');
  await expect(restore(path)).rejects.toMatchObject({ code: 'TRAIN_STATE_INVALID' });
  await writeFile(path, whole);
  const wider = start();
  await wider.call(
    'open',
    { ...FRESH, model: { kind: 'fresh', model: { ...SHAPE, layers: 3 }, seed: 1 } },
    WAIT,
  );
  await expect(wider.call('restore', { path }, WAIT)).rejects.toMatchObject({ code: 'TRAIN_STATE_INVALID' });
  const elsewhere = start({ device: 'cuda:9' });
  await expect(elsewhere.call('open', FRESH, WAIT)).rejects.toMatchObject({ code: 'TRAIN_DEVICE_REFUSED' });
  await writeFile(path, 'GGUF of nothing');
  const rubbish = { ...FRESH, model: { kind: 'whole' as const, path } };
  await expect(start().call('open', rubbish, WAIT)).rejects.toThrow(/state/);
});
