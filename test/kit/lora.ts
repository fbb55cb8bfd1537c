/** Random LoRAs for the models of `gguf.ts`, strong enough that greedy answers differ. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetaPair } from '@filon/engine/gguf/encode';
import { initialAdapters } from '@filon/engine/trainer/adapter-model';
import { writeAdapterFile } from '@filon/engine/trainer/files/write-model';
import { normalNumbers } from '@filon/engine/trainer/initial-weights';
import { type LlamaShape, PROJECTIONS } from '@filon/engine/trainer/shape';

/** Of `tinyModel()` without options. */
const TINY_MODEL_SHAPE: LlamaShape = {
  ...{ layers: 2, width: 64, heads: 4, kvHeads: 2, headWidth: 16, feedForward: 128 },
  ...{ vocabulary: 273, context: 2048, ropeBase: 10_000, ropeLayout: 'adjacent' },
  ...{ normEpsilon: 1e-5, tied: false },
};

export interface TinyLoraOptions {
  seed?: number;
  /** Of the model that it is for, where that differs from `tinyModel()`. */
  shape?: Partial<LlamaShape>;
  name?: string;
  licence?: string;
  /** Written last. */
  metadata?: readonly MetaPair[];
}

/** Writes `path`, which must not exist. The same seed gives the same bytes. */
export async function writeTinyLora(path: string, options: TinyLoraOptions = {}): Promise<void> {
  const shape = { ...TINY_MODEL_SHAPE, ...options.shape };
  const settings = { rank: 4, alpha: 8, projections: PROJECTIONS };
  const normal = normalNumbers(options.seed ?? 1);
  const tensors = new Map(
    [...initialAdapters(shape, settings, 1)].map(([name, numbers]) => [
      name,
      numbers.map(() => 0.3 * normal()),
    ]),
  );
  const metadata: MetaPair[] = [
    ['general.name', { type: 'string', value: options.name ?? 'Tiny LoRA' }],
    ['general.license', { type: 'string', value: options.licence ?? 'apache-2.0' }],
    ...(options.metadata ?? []),
  ];
  const read = (name: string): Float32Array => tensors.get(name) as Float32Array;
  await writeAdapterFile(path, { shape, settings, read, metadata });
}

/** Of a model half as wide as `tinyModel()`, which it does not fit. */
export const OTHER_SHAPE: Partial<LlamaShape> = { width: 32, headWidth: 8 };

/** The same in memory. */
export async function tinyLora(options: TinyLoraOptions = {}): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'filon-lora-'));
  try {
    const path = join(folder, 'lora.gguf');
    await writeTinyLora(path, options);
    return await readFile(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
