/** Small models and batches, and a trainer on this machine's processor. */
import type { TrainingBatch } from '@filon/core/training/batch';
import { loadBackends } from '../ffi/backends.ts';
import { openGgmlGraph, TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import { findLibraryDirectory } from '../ffi/library-directory.ts';
import { openLibrarySet } from '../ffi/library-set.ts';
import { type AdapterSettings, newAdapterModel } from './adapter-model.ts';
import { TrainingDevice } from './device.ts';
import { type ProductKinds, Q8_0_BLOCK } from './graph/builder.ts';
import { initialWeights, normalNumbers } from './initial-weights.ts';
import type { LlamaShape } from './shape.ts';
import { Trainer, type TrainerSettings } from './trainer.ts';
import { newWholeModel } from './training-model.ts';

export const TINY_SHAPE: LlamaShape = {
  layers: 2,
  width: 32,
  heads: 4,
  kvHeads: 2,
  headWidth: 8,
  feedForward: 64,
  vocabulary: 48,
  context: 64,
  ropeBase: 10_000,
  ropeLayout: 'adjacent',
  normEpsilon: 1e-5,
  tied: true,
};

export const F32: ProductKinds = {
  copies: TENSOR_TYPE.f32,
  large: 'transposed',
  attention: 'transposed',
  adapters: 'outer',
};
export const F16: ProductKinds = { ...F32, copies: TENSOR_TYPE.f16 };
export const BF16: ProductKinds = { ...F32, copies: TENSOR_TYPE.bf16 };

/** One thread: tests run side by side, and threads that spin for one another would take turns. */
export function processor(
  threads = 1,
  freeBytes: () => number = () => Number.POSITIVE_INFINITY,
): TrainingDevice {
  const set = openLibrarySet(findLibraryDirectory([]));
  const backends = loadBackends(set, []);
  const [cpu] = backends.devices;
  if (cpu === undefined) throw new TypeError('no processor');
  return new TrainingDevice(openGgmlGraph(set), backends, cpu, { threads, freeBytes });
}

/** A trainer of all parameters with the given or fresh weights. */
export async function wholeTrainer(
  settings: TrainerSettings,
  weights: ReadonlyMap<string, Float32Array> = initialWeights(settings.shape, 1),
): Promise<Trainer> {
  const trainer = new Trainer(processor(), settings, (b) => newWholeModel(b, settings.shape));
  await trainer.writeTensors(weights);
  return trainer;
}

/** A trainer of adapters on frozen weights, in f32 or as the bytes of another type. */
export async function adapterTrainer(
  settings: TrainerSettings & { adapter: AdapterSettings },
  base: ReadonlyMap<string, Float32Array | { type: number; bytes: Uint8Array }>,
  adapters: ReadonlyMap<string, Float32Array>,
): Promise<Trainer> {
  const { shape, adapter } = settings;
  const encoded = (name: string) => {
    const tensor = base.get(name);
    if (tensor === undefined) throw new TypeError(`no tensor ${name}`);
    if ('type' in tensor) return tensor;
    return { type: TENSOR_TYPE.f32, bytes: new Uint8Array(tensor.buffer as ArrayBuffer) };
  };
  const trainer = new Trainer(processor(), settings, (b) =>
    newAdapterModel(b, shape, adapter, (name) => encoded(name).type),
  );
  await trainer.writeFrozen(async (name) => encoded(name).bytes);
  await trainer.writeTensors(adapters);
  return trainer;
}

/** Q8_0 of rows whose length is a multiple of 32: each block a scale in f16 and 32 signed bytes. */
export function quantized(numbers: Float32Array): { bytes: Uint8Array; read: Float32Array } {
  const blocks = numbers.length / Q8_0_BLOCK;
  const bytes = new Uint8Array(blocks * (Q8_0_BLOCK + 2));
  const view = new DataView(bytes.buffer);
  const read = new Float32Array(numbers.length);
  for (let block = 0; block < blocks; block += 1) {
    const part = numbers.subarray(block * Q8_0_BLOCK, (block + 1) * Q8_0_BLOCK);
    const scale = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    const at = block * (Q8_0_BLOCK + 2);
    view.setFloat16(at, scale, true);
    const stored = view.getFloat16(at, true);
    part.forEach((value, index) => {
      const step = scale === 0 ? 0 : Math.round(value / scale);
      view.setInt8(at + 2 + index, step);
      read[block * Q8_0_BLOCK + index] = step * stored;
    });
  }
  return { bytes, read };
}

/** Random tokens; two documents a sequence, some targets masked, padding at the end of the last sequence. */
export function randomBatch(
  shape: LlamaShape,
  sequences: number,
  length: number,
  seed: number,
): TrainingBatch {
  const normal = normalNumbers(seed);
  const token = () => Math.floor(Math.abs(normal()) * 1000) % shape.vocabulary;
  const count = sequences * length;
  const batch: TrainingBatch = {
    sequences,
    length,
    tokens: Int32Array.from({ length: count }, token),
    targets: Int32Array.from({ length: count }, (_, index) => (index % 5 === 0 ? -1 : token())),
    positions: new Int32Array(count),
    documents: new Int32Array(count),
  };
  const cut = Math.ceil(length / 3);
  for (let index = 0; index < count; index += 1) {
    const place = index % length;
    batch.documents[index] = place < cut ? 0 : 1;
    batch.positions[index] = place < cut ? place : place - cut;
    if (index < count - 2) continue;
    batch.documents[index] = -1;
    batch.targets[index] = -1;
  }
  return batch;
}
