/**
 * The header of a LoRA's file, checked against the model that it is to change before native code sees either: kind,
 * architecture, and that every tensor is one of a pair that fits a matrix of the base. llama.cpp compares less, and ends
 * the process where it meets what it does not expect.
 *
 * Format: what llama.cpp's convert_lora_to_gguf.py writes and `llama_adapter_lora_init` reads.
 */
import { ByteReader, type ByteSource } from './byte-reader.ts';
import { type HeaderOptions, readPairs, readTensorList, withSource } from './container.ts';
import { corrupt, loraMismatch, loraUnsupported, notLora, overLimit } from './errors.ts';
import type { GgufHeader } from './header.ts';
import { GGUF_LIMITS } from './limits.ts';
import { F32_VALUE, type GgufMetadata, type ValuePlace } from './metadata.ts';
import type { GgufTensor } from './tensors.ts';

export interface LoraHeader {
  /** As the file names itself. */
  name: string | null;
  licence: string | null;
  /** What it says that it was trained on. */
  baseName: string | null;
  /** Of its widest pair. */
  rank: number;
  /** It is scaled by alpha / rank; 0: by 1. */
  alpha: number;
  /** Elements of all tensors. */
  parameters: number;
  /** What the tensors take in memory. */
  tensorBytes: number;
}

/** What a LoRA must fit. */
export interface LoraBase extends Pick<GgufHeader, 'architecture' | 'tensors'> {
  /** Of its file, where it is known. */
  sha256?: string;
}

/** Where a LoRA says of which file exactly it was trained on: sha256, hex. */
export const LORA_BASE_KEY = 'filon.base.sha256';

const TYPES: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16', 'Q8_0']);
const HALVES = ['.lora_a', '.lora_b'] as const;
/** Natively looked up by row, with A and B changed over; as a tied output matrix it would end the process. */
const EMBEDDING = 'token_embd.weight';

/** Reads the header of a file. Codes: GGUF_*, LORA_*. */
export function readLoraHeader(
  path: string,
  base: LoraBase,
  options: HeaderOptions = {},
): Promise<LoraHeader> {
  return withSource(path, options, (source) => parseLoraHeader(source, base, options));
}

/** The same for anything that can be read at a position. */
export async function parseLoraHeader(
  source: ByteSource,
  base: LoraBase,
  options: HeaderOptions = {},
): Promise<LoraHeader> {
  const reader = new ByteReader(source, options.limits ?? GGUF_LIMITS, options.signal);
  const { tensorCount, metadata, places } = await readPairs(reader);
  const file = source.label;
  checkKind(file, metadata);
  checkBase(file, metadata, base);
  const alpha = alphaOf(file, metadata, places);
  const { tensors } = await readTensorList(reader, tensorCount, metadata);
  const rank = checkPairs(file, tensors, base.tensors);
  if (rank > reader.limits.loraRank) {
    throw overLimit(file, 'loraRank', { value: rank, max: reader.limits.loraRank });
  }
  const sum = (of: 'elements' | 'bytes'): number => tensors.reduce((total, tensor) => total + tensor[of], 0);
  return {
    name: textOf(metadata, 'general.name'),
    licence: textOf(metadata, 'general.license'),
    baseName: textOf(metadata, 'general.base_model.0.name'),
    ...{ rank, alpha, parameters: sum('elements'), tensorBytes: sum('bytes') },
  };
}

function checkKind(file: string, metadata: GgufMetadata): void {
  const kind = textOf(metadata, 'general.type') ?? 'model';
  if (kind !== 'adapter') throw notLora(file, kind.slice(0, 40));
  const type = textOf(metadata, 'adapter.type') ?? 'unknown';
  if (type !== 'lora') throw notLora(file, `adapter of type ${type.slice(0, 40)}`);
  if (metadata.has('adapter.alora.invocation_tokens')) {
    throw loraUnsupported(file, 'it is to be switched on by certain words only');
  }
}

function checkBase(file: string, metadata: GgufMetadata, base: LoraBase): void {
  const architecture = textOf(metadata, 'general.architecture') ?? 'unknown';
  if (architecture !== base.architecture) {
    throw loraMismatch(
      file,
      `it is for architecture "${architecture.slice(0, 40)}", and the model has "${base.architecture}"`,
    );
  }
  const sha256 = textOf(metadata, LORA_BASE_KEY);
  if (sha256 !== null && base.sha256 !== undefined && sha256 !== base.sha256) {
    throw loraMismatch(
      file,
      `it was trained on the file with sha256 ${sha256.slice(0, 64)}, and this model's is ${base.sha256}`,
    );
  }
}

/** Natively any other type of number ends the process. */
function alphaOf(file: string, metadata: GgufMetadata, places: ReadonlyMap<string, ValuePlace>): number {
  const key = 'adapter.lora.alpha';
  const alpha = metadata.get(key) ?? 0;
  const type = places.get(key)?.type ?? F32_VALUE;
  if (typeof alpha === 'number' && type === F32_VALUE && Number.isFinite(alpha) && alpha >= 0) return alpha;
  throw corrupt(file, `key ${key}`, 'is not a finite 32-bit float from 0 on');
}

/** Returns the highest rank. */
function checkPairs(file: string, tensors: readonly GgufTensor[], base: readonly GgufTensor[]): number {
  const matrices = new Map(base.map((tensor) => [tensor.name, tensor]));
  const pairs = new Map<string, { a?: GgufTensor; b?: GgufTensor }>();
  for (const tensor of tensors) {
    const half = HALVES.find((end) => tensor.name.endsWith(end));
    if (half === undefined) throw notInPair(file, tensor.name);
    if (!TYPES.has(tensor.type)) {
      throw loraUnsupported(
        file,
        `tensor ${tensor.name} is of type ${tensor.type}, and ${[...TYPES].join(', ')} are known`,
      );
    }
    const name = tensor.name.slice(0, -half.length);
    const pair = pairs.get(name) ?? {};
    pair[half === '.lora_a' ? 'a' : 'b'] = tensor;
    pairs.set(name, pair);
  }
  const ranks = [...pairs].map(([name, { a, b }]) => {
    if (name === EMBEDDING) throw loraUnsupported(file, 'it changes the table of embeddings');
    const matrix = matrices.get(name);
    // Natively every such ending is cut out of a name, wherever it stands.
    if (matrix === undefined || HALVES.some((half) => name.includes(half))) {
      throw loraMismatch(file, `the model has no tensor ${name}`);
    }
    if (a === undefined || b === undefined) {
      throw corrupt(file, `the pair of ${name}`, `lacks ${a === undefined ? 'lora_a' : 'lora_b'}`);
    }
    return rankOf(file, { a, b, matrix });
  });
  return Math.max(...ranks);
}

function notInPair(file: string, name: string): Error {
  if (name.endsWith('_norm.weight')) {
    return loraUnsupported(file, `it changes ${name} as well, which the engine would leave out`);
  }
  return corrupt(file, `tensor ${name}`, 'is neither lora_a nor lora_b of anything');
}

/** A is [in, rank], B [rank, out], of a matrix [in, out]; of several experts one behind the other. */
function rankOf(
  file: string,
  { a, b, matrix }: { a: GgufTensor; b: GgufTensor; matrix: GgufTensor },
): number {
  const [width, out] = extents(matrix);
  const [aWidth, aRank] = extents(a);
  const [bRank, bOut] = extents(b);
  const fits = aWidth === width && bOut === out && matrix.shape.length >= 2;
  const experts = [a, b].every((one) => rest(one) === rest(matrix));
  if (!fits || !experts) {
    throw loraMismatch(
      file,
      `${matrix.name} is ${shown(matrix)} in the model, and its pair ${shown(a)} and ${shown(b)}`,
    );
  }
  if (aRank !== bRank) {
    throw corrupt(file, `the pair of ${matrix.name}`, `has the ranks ${aRank} and ${bRank}`);
  }
  return aRank;
}

function extents({ shape }: GgufTensor): [number, number] {
  return [shape[0] ?? 1, shape[1] ?? 1];
}

function rest({ shape }: GgufTensor): string {
  return [shape[2] ?? 1, shape[3] ?? 1].join('x');
}

function shown({ shape }: GgufTensor): string {
  return shape.join(' x ');
}

function textOf(metadata: GgufMetadata, key: string): string | null {
  const value = metadata.get(key);
  return typeof value === 'string' ? value : null;
}
