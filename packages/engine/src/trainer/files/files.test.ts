/** Files that were written are loaded by llama.cpp itself, and give the trainer's own losses. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainingBatch } from '@filon/core/training/batch';
import { BYTE_VOCABULARY_SIZE } from '@filon/core/training/byte-vocabulary';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DeviceHost, openDeviceHost } from '../../device/device-host.ts';
import { findLibraryDirectory } from '../../ffi/library-directory.ts';
import { readGgufHeader } from '../../gguf/header.ts';
import { openContext } from '../../stage/context.ts';
import { openLora } from '../../stage/lora.ts';
import { FAST_SETTINGS } from '../../stage/settings.ts';
import { openWeights } from '../../stage/weights.ts';
import { initialAdapters } from '../adapter-model.ts';
import { initialWeights, normalNumbers } from '../initial-weights.ts';
import { PROJECTIONS } from '../shape.ts';
import { adapterTrainer, F32, randomBatch, TINY_SHAPE, wholeTrainer } from '../training.fixture.ts';
import { byteTokenizerMetadata } from './byte-tokenizer.ts';
import { openModelFile } from './read-model.ts';
import { FILE_TYPES, writeAdapterFile, writeModelFile } from './write-model.ts';

const SHAPE = { ...TINY_SHAPE, vocabulary: BYTE_VOCABULARY_SIZE };
const SETTINGS = { shape: SHAPE, batch: { sequences: 1, length: 24 }, kinds: F32, recompute: false };
const ADAPTER = { rank: 4, alpha: 8, projections: PROJECTIONS };

let folder = '';
let host: DeviceHost;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'filon files-')));
  host = openDeviceHost({
    libraryDirectory: findLibraryDirectory([]),
    device: 'cpu',
    backend: 'cpu',
    threads: 1,
  });
});
afterAll(() => rm(folder, { recursive: true }));

/** One document, so that a context of llama.cpp sees what training sees. */
function oneDocument(seed: number): TrainingBatch {
  const batch = randomBatch(SHAPE, 1, 24, seed);
  return {
    ...batch,
    positions: Int32Array.from(batch.positions, (_, place) => place),
    documents: batch.documents.map(() => 0),
  };
}

/** Mean loss of the batch's targets from llama.cpp's logits. */
async function servedLoss(path: string, batch: TrainingBatch, adapter: string | null): Promise<number> {
  const weights = await openWeights(host.llama, { model: 'test', path, extraBuffers: true }, host);
  const settings = { ...FAST_SETTINGS, cacheType: 'f16', flashAttention: 'off' } as const;
  const spec = { settings, cacheTokens: 256, sequences: 1, outputsMax: batch.length, threads: 1 };
  const base = await readGgufHeader(path);
  const lora = adapter === null ? null : await openLora(weights, { model: 'test', path: adapter, base });
  const context = openContext(lora?.weights ?? weights, { ...spec, embeddings: false }, host.backends);
  try {
    batch.tokens.forEach((token, place) => {
      context.add(token, place, 0, true);
    });
    expect(await context.decode()).toBe(0);
    const losses = Array.from(batch.targets, (target, place) =>
      target < 0 ? null : surprise(context.logits(place), target),
    ).filter((loss) => loss !== null);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  } finally {
    context.close();
    await lora?.close();
    weights.close();
  }
}

function surprise(logits: Float32Array, target: number): number {
  const max = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0);
  return Math.log(sum) + max - (logits[target] as number);
}

/** Far from uniform, so that a wrong tensor shows. */
function trainedWeights(): Map<string, Float32Array> {
  return new Map(
    [...initialWeights(SHAPE, 11)].map(([name, numbers]) => [
      name,
      name.includes('norm') ? numbers : numbers.map((value) => value * 8),
    ]),
  );
}

describe.each(FILE_TYPES)('a model in %s', (type) => {
  test('is served with the losses of its training', async () => {
    const weights = trainedWeights();
    const path = join(folder, `${type}.gguf`);
    const trainer = await wholeTrainer(SETTINGS, weights);
    try {
      const read = (name: string) => trainer.readTensor('values', name);
      await writeModelFile(path, { shape: SHAPE, type, read, metadata: byteTokenizerMetadata() });
      const batch = oneDocument(4);
      const { loss } = await trainer.evaluate(batch);
      const served = await servedLoss(path, batch, null);
      expect(Math.abs(served - loss) / loss).toBeLessThan(type === 'f32' ? 1e-3 : 1e-2);
      expect(Math.abs(loss - Math.log(SHAPE.vocabulary))).toBeGreaterThan(0.1);
    } finally {
      trainer.close();
    }
  });

  test('is read back as what it was', async () => {
    await using file = await openModelFile(join(folder, `${type}.gguf`));
    expect(file.shape).toEqual({ ...SHAPE, normEpsilon: Math.fround(SHAPE.normEpsilon) });
    const trainer = await wholeTrainer(SETTINGS, initialWeights(SHAPE, 1));
    const original = await wholeTrainer(SETTINGS, trainedWeights());
    try {
      for (const { name } of file.header.tensors)
        await trainer.writeEncoded(name, file.typeOf(name), await file.read(name));
      await trainer.refresh();
      const batch = oneDocument(4);
      const { loss } = await original.evaluate(batch);
      const back = await trainer.evaluate(batch);
      expect(Math.abs(back.loss - loss) / loss).toBeLessThan(type === 'f32' ? 1e-7 : 1e-2);
    } finally {
      trainer.close();
      original.close();
    }
  });
});

test('an adapter is served with the losses of its training', async () => {
  const base = trainedWeights();
  const normal = normalNumbers(3);
  const adapters = new Map(
    [...initialAdapters(SHAPE, ADAPTER, 5)].map(([name, numbers]) => [
      name,
      numbers.map(() => 0.3 * normal()),
    ]),
  );
  const trainer = await adapterTrainer({ ...SETTINGS, adapter: ADAPTER }, base, adapters);
  try {
    const path = join(folder, 'adapter.gguf');
    const read = (name: string) => trainer.readTensor('values', name);
    await writeAdapterFile(path, { shape: SHAPE, settings: ADAPTER, read, metadata: [] });
    const batch = oneDocument(4);
    const { loss } = await trainer.evaluate(batch);
    const basePath = join(folder, 'f32.gguf');
    const served = await servedLoss(basePath, batch, path);
    expect(Math.abs(served - loss) / loss).toBeLessThan(1e-3);
    const without = await servedLoss(basePath, batch, null);
    expect(Math.abs(without - loss) / loss).toBeGreaterThan(1e-2);
  } finally {
    trainer.close();
  }
});
