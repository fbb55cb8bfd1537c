/** Weights from GGUF files: what a model is made of, and its tensors as the file has them. */
import { type FileHandle, open } from 'node:fs/promises';
import { FilonError } from '@filon/core/errors';
import { type GgufHeader, readGgufHeader } from '../../gguf/header.ts';
import { TENSOR_TYPES } from '../../gguf/tensor-types.ts';
import type { GgufTensor } from '../../gguf/tensors.ts';
import type { TrainerErrorDetails } from '../errors.ts';
import { type LlamaShape, tensorsOf } from '../shape.ts';

/** Where architectures of the llama family keep the pairs that positions turn. */
const ROPE_LAYOUTS: ReadonlyMap<string, LlamaShape['ropeLayout']> = new Map([['llama', 'adjacent']]);
/** What llama.cpp takes where the file says nothing. */
const ROPE_BASE_DEFAULT = 10_000;

export interface ModelFile extends AsyncDisposable {
  path: string;
  header: GgufHeader;
  shape: LlamaShape;
  /** ggml's type of a tensor. */
  typeOf(name: string): number;
  /** A tensor's bytes as they are in the file. */
  read(name: string): Promise<Uint8Array>;
  /** A pair's type and value, to be taken over into another file; null when there is none. */
  readValue(key: string): Promise<Uint8Array | null>;
}

/** @throws TRAIN_MODEL_UNSUPPORTED, GGUF_* */
export async function openModelFile(path: string, signal?: AbortSignal): Promise<ModelFile> {
  const header = await readGgufHeader(path, signal === undefined ? {} : { signal });
  const shape = shapeOf(path, header);
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  checkTensors(path, shape, tensors);
  const file = await open(path, 'r');
  return {
    path,
    header,
    shape,
    typeOf: (name) => typeId(tensors.get(name) as GgufTensor),
    read: (name) => {
      const { offset, bytes } = tensors.get(name) as GgufTensor;
      return readAt(file, header.dataOffset + offset, bytes);
    },
    readValue: async (key) => {
      const place = header.metadataPlaces.get(key);
      return place === undefined ? null : readAt(file, place.from, place.to - place.from);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Uint8Array> {
  const target = new Uint8Array(bytes);
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(target, filled, bytes - filled, position + filled);
    if (bytesRead === 0) throw new RangeError(`the file ended at ${position + filled}`);
    filled += bytesRead;
  }
  return target;
}

function typeId({ type }: GgufTensor): number {
  for (const [id, { name }] of TENSOR_TYPES) if (name === type) return id;
  throw new TypeError(`no tensor type ${type}`);
}

function shapeOf(path: string, header: GgufHeader): LlamaShape {
  const { architecture, metadata, heads, kvHeads, embeddingLength } = header;
  const ropeLayout = ROPE_LAYOUTS.get(architecture);
  if (ropeLayout === undefined) {
    const known = [...ROPE_LAYOUTS.keys()].join(', ');
    throw unsupported(path, `its architecture is ${architecture}, and training knows ${known}`);
  }
  const number = (key: string): number | null => {
    const value = metadata.get(`${architecture}.${key}`);
    return typeof value === 'number' ? value : null;
  };
  const [kv = heads] = kvHeads;
  if (kvHeads.some((count) => count !== kv)) throw unsupported(path, 'its layers differ in their heads');
  if (heads === 0 || kv === 0 || heads % kv !== 0)
    throw unsupported(path, `${heads} heads do not share ${kv} heads of keys`);
  const headWidth = embeddingLength / heads;
  const turned = number('rope.dimension_count') ?? headWidth;
  if (header.keyLength !== headWidth || header.valueLength !== headWidth || turned !== headWidth)
    throw unsupported(path, 'its heads are not as wide as the embedding divided by their number');
  const scaling = metadata.get(`${architecture}.rope.scaling.type`) ?? 'none';
  if (scaling !== 'none') throw unsupported(path, `its positions are stretched (${String(scaling)})`);
  return {
    layers: header.layers,
    width: embeddingLength,
    heads,
    kvHeads: kv,
    headWidth,
    feedForward: header.feedForwardLength,
    vocabulary: header.vocabTokens,
    context: header.contextTokens,
    ropeBase: number('rope.freq_base') ?? ROPE_BASE_DEFAULT,
    ropeLayout,
    normEpsilon: number('attention.layer_norm_rms_epsilon') ?? 1e-5,
    tied: header.tensors.every(({ name }) => name !== 'output.weight'),
  };
}

/** Biases, experts and the like would be left out in silence: whatever is not expected is refused. */
function checkTensors(path: string, shape: LlamaShape, tensors: ReadonlyMap<string, GgufTensor>): void {
  const expected = new Map(tensorsOf(shape).map((tensor) => [tensor.name, tensor]));
  for (const { name, extents, kind } of expected.values()) {
    const found = tensors.get(name);
    if (found === undefined) throw unsupported(path, `it has no tensor ${name}`);
    if (found.shape.join() !== extents.join())
      throw unsupported(path, `${name} is ${found.shape.join(' x ')}, not ${extents.join(' x ')}`);
    if (kind === 'gain' && found.type !== 'F32') throw unsupported(path, `${name} is ${found.type}, not F32`);
  }
  for (const name of tensors.keys())
    if (!expected.has(name)) throw unsupported(path, `training does not know its tensor ${name}`);
}

function unsupported(file: string, reason: string): FilonError<TrainerErrorDetails> {
  return new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_MODEL_UNSUPPORTED', file, reason },
    `${file} cannot be trained: ${reason}`,
  );
}
