/** Trained weights as GGUF files: whole models, and adapters that llama.cpp puts on one. */

import { TENSOR_TYPE } from '../../ffi/ggml-graph.ts';
import type { MetaPair } from '../../gguf/encode.ts';
import { type TensorToWrite, writeGgufFile } from '../../gguf/write-file.ts';
import type { AdapterSettings } from '../adapter-model.ts';
import { type LlamaShape, projectionExtents, tensorsOf } from '../shape.ts';

/** Reads a trained tensor by its name. */
export type ReadTensor = (name: string) => Float32Array;

export const FILE_TYPES = ['f32', 'f16', 'bf16'] as const;
/** In which matrices are written; gains are f32 always. */
export type FileType = (typeof FILE_TYPES)[number];

/** `general.file_type`, as llama.cpp numbers them. */
const FILE_TYPE_CODES: Record<FileType, number> = { f32: 0, f16: 1, bf16: 32 };

export interface ModelToWrite {
  shape: LlamaShape;
  type: FileType;
  read: ReadTensor;
  /** Name, licence, lineage, tokenizer and template. What follows from the shape is added. */
  metadata: readonly MetaPair[];
}

/** Writes a whole model; see {@link writeGgufFile}. */
export async function writeModelFile(
  path: string,
  { shape, type, read, metadata }: ModelToWrite,
  signal?: AbortSignal,
): Promise<void> {
  const tensors = tensorsOf(shape).map(({ name, kind, extents }): TensorToWrite => {
    const stored = kind === 'gain' ? 'f32' : type;
    const length = extents.reduce((product, extent) => product * extent, 1);
    return {
      name,
      shape: extents,
      type: TENSOR_TYPE[stored],
      bytes: length * (stored === 'f32' ? 4 : 2),
      read: async () => encodeNumbers(read(name), stored),
    };
  });
  await writeGgufFile(path, [...shapeMetadata(shape, type), ...metadata], tensors, signal);
}

function shapeMetadata(shape: LlamaShape, type: FileType): MetaPair[] {
  if (shape.ropeLayout !== 'adjacent') throw new TypeError('GGUF files of llama turn adjacent pairs');
  const u32 = (key: string, value: number): MetaPair => [`llama.${key}`, { type: 'u32', value }];
  const f32 = (key: string, value: number): MetaPair => [`llama.${key}`, { type: 'f32', value }];
  return [
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.file_type', { type: 'u32', value: FILE_TYPE_CODES[type] }],
    u32('block_count', shape.layers),
    u32('context_length', shape.context),
    u32('embedding_length', shape.width),
    u32('feed_forward_length', shape.feedForward),
    u32('attention.head_count', shape.heads),
    u32('attention.head_count_kv', shape.kvHeads),
    u32('rope.dimension_count', shape.headWidth),
    u32('vocab_size', shape.vocabulary),
    f32('rope.freq_base', shape.ropeBase),
    f32('attention.layer_norm_rms_epsilon', shape.normEpsilon),
  ];
}

export interface AdapterToWrite {
  shape: LlamaShape;
  settings: AdapterSettings;
  read: ReadTensor;
  /** Name, licence and lineage. */
  metadata: readonly MetaPair[];
}

/** Writes an adapter as llama.cpp loads it (`llama_adapter_lora_init`), in f32. */
export async function writeAdapterFile(
  path: string,
  { shape, settings, read, metadata }: AdapterToWrite,
  signal?: AbortSignal,
): Promise<void> {
  const { rank, alpha, projections } = settings;
  const tensors = Array.from({ length: shape.layers }, (_, layer) =>
    projections.flatMap((projection): TensorToWrite[] => {
      const [width, out] = projectionExtents(shape, projection);
      const name = `blk.${layer}.${projection}.weight`;
      return [
        f32Tensor(`${name}.lora_a`, [width, rank], () => read(`${name}.lora_a`)),
        f32Tensor(`${name}.lora_b`, [rank, out], () => transposed(read(`${name}.lora_b`), out, rank)),
      ];
    }),
  ).flat();
  const pairs: MetaPair[] = [
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.type', { type: 'string', value: 'adapter' }],
    ['adapter.type', { type: 'string', value: 'lora' }],
    ['adapter.lora.alpha', { type: 'f32', value: alpha }],
  ];
  await writeGgufFile(path, [...pairs, ...metadata], tensors, signal);
}

function f32Tensor(name: string, shape: [number, number], read: () => Float32Array): TensorToWrite {
  const [n0, n1] = shape;
  const bytes = n0 * n1 * 4;
  return { name, shape, type: TENSOR_TYPE.f32, bytes, read: async () => encodeNumbers(read(), 'f32') };
}

/** `rows` rows of `columns` numbers, turned: B is trained as `[out, rank]` and stored as `[rank, out]`. */
function transposed(numbers: Float32Array, columns: number, rows: number): Float32Array {
  const turned = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = numbers[row * columns + column] as number;
  return turned;
}

function encodeNumbers(numbers: Float32Array, type: FileType): Uint8Array {
  switch (type) {
    case 'f32':
      return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    case 'f16':
      return new Uint8Array(Float16Array.from(numbers).buffer);
    case 'bf16':
      return new Uint8Array(bfloat16(numbers).buffer);
  }
}

/** The upper half of each f32, rounded to the nearest, ties to even. */
function bfloat16(numbers: Float32Array): Uint16Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return Uint16Array.from(bits, (value) => (value + 0x7fff + ((value >>> 16) & 1)) >>> 16);
}
