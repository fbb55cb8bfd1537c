/**
 * Reads and checks a GGUF header, in TypeScript and with limits, before native code sees the file. Native parsers abort
 * the process or worse on bytes that lie; whatever passes here has plain names, sizes that fit and tensors that lie
 * inside the file. It is not a general GGUF library: values are kept only where they are of use.
 *
 * Format: ggml's docs/gguf.md, versions 2 and 3, little-endian.
 */
import { open } from 'node:fs/promises';
import { FilonError, messageOf } from '@filon/core/errors';
import { ByteReader, type ByteSource } from './byte-reader.ts';
import {
  corrupt,
  type GgufErrorDetails,
  notGguf,
  notModel,
  overLimit,
  splitModel,
  unsupportedVersion,
} from './errors.ts';
import { GGUF_LIMITS, type GgufLimits } from './limits.ts';
import { type GgufMetadata, readMetadata, type ValuePlace } from './metadata.ts';
import { type ModelFacts, modelFacts } from './model-facts.ts';
import { quantizationName } from './tensor-types.ts';
import { checkTensorsInside, type GgufTensor, padded, readTensors } from './tensors.ts';

export interface GgufHeader extends ModelFacts {
  version: number;
  fileBytes: number;
  /** Where the tensors' data begins. */
  dataOffset: number;
  /** Elements of all tensors. */
  parameters: number;
  /** `Q4_K_M`, `F16`, ... */
  quantization: string;
  tensors: readonly GgufTensor[];
  metadata: GgufMetadata;
  /** For those who take values over without reading them. */
  metadataPlaces: ReadonlyMap<string, ValuePlace>;
}

export interface HeaderOptions {
  signal?: AbortSignal;
  limits?: GgufLimits;
  /** What error messages call the file; its path unless given. */
  label?: string;
}

const MAGIC = 0x4655_4747;
const DEFAULT_ALIGNMENT = 32;

/** Reads the header of a file. Codes: GGUF_*, MODEL_ARCHITECTURE_UNSUPPORTED. Takes 10 to 60 ms for real models. */
export async function readGgufHeader(path: string, options: HeaderOptions = {}): Promise<GgufHeader> {
  const label = options.label ?? path;
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const source: ByteSource = {
      label,
      bytes: size,
      read: async (target, position) => (await file.read(target, 0, target.length, position)).bytesRead,
    };
    return await parseGgufHeader(source, options);
  } catch (error) {
    if (error instanceof FilonError || options.signal?.aborted) throw error;
    const reason = messageOf(error);
    throw new FilonError<GgufErrorDetails>(
      { code: 'GGUF_UNREADABLE', file: label, reason },
      `${label} cannot be read: ${reason}; check that it exists and that you may read it`,
      { cause: error },
    );
  }
}

/** The same for anything that can be read at a position. */
export async function parseGgufHeader(source: ByteSource, options: HeaderOptions = {}): Promise<GgufHeader> {
  const limits = options.limits ?? GGUF_LIMITS;
  const reader = new ByteReader(source, limits, options.signal);
  const version = await readPreamble(reader);
  const tensorCount = await readCount(reader, 'tensors', limits.tensors);
  const pairCount = await readCount(reader, 'keyValuePairs', limits.keyValuePairs);
  const { metadata, places } = await readMetadata(reader, pairCount);
  checkWholeModel(source.label, metadata);
  const facts = modelFacts(source.label, metadata, limits);
  const alignment = alignmentOf(source.label, metadata, limits);
  const tensors = await readTensors(reader, tensorCount, alignment);
  if (tensors.length === 0) throw corrupt(source.label, 'the tensor list', 'is empty');
  const dataOffset = padded(reader.position, alignment);
  checkTensorsInside(reader, tensors, dataOffset);
  const fileType = metadata.get('general.file_type');
  return {
    ...facts,
    version,
    fileBytes: source.bytes,
    dataOffset,
    parameters: tensors.reduce((sum, tensor) => sum + tensor.elements, 0),
    quantization: quantizationName(typeof fileType === 'number' ? fileType : null, tensors),
    tensors,
    metadata,
    metadataPlaces: places,
  };
}

async function readPreamble(reader: ByteReader): Promise<number> {
  const available = Math.min(4, reader.source.bytes);
  await reader.need(available, 'the magic number');
  if (available < 4) throw notGguf(reader.file, hex(reader.takeView(available)));
  const magic = reader.takeView(4);
  if (magic.getUint32(0, true) !== MAGIC) throw notGguf(reader.file, hex(magic));
  const version = await reader.u32('the version');
  if (version !== 2 && version !== 3) throw unsupportedVersion(reader.file, version);
  return version;
}

function hex(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex');
}

async function readCount(reader: ByteReader, limit: string, max: number): Promise<number> {
  const value = await reader.size(`the number of ${limit}`);
  if (value > max) throw overLimit(reader.file, limit, { value, max });
  return value;
}

function checkWholeModel(file: string, metadata: GgufMetadata): void {
  const parts = metadata.get('split.count');
  if (typeof parts === 'number' && parts > 1) throw splitModel(file, parts);
  const kind = metadata.get('general.type');
  if (typeof kind === 'string' && kind !== 'model') {
    throw notModel(file, kind.slice(0, 40));
  }
}

function alignmentOf(file: string, metadata: GgufMetadata, limits: GgufLimits): number {
  const value = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPowerOfTwo = typeof value === 'number' && value > 0 && Math.log2(value) % 1 === 0;
  if (!isPowerOfTwo) throw corrupt(file, 'key general.alignment', `is ${String(value)}, not a power of two`);
  if (value > limits.alignment) throw overLimit(file, 'alignment', { value, max: limits.alignment });
  return value;
}
