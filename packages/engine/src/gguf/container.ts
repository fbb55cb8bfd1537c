/** What every GGUF file has, whatever it holds: opened, taken apart in order, each part with its limits. */
import { open } from 'node:fs/promises';
import { FilonError, messageOf } from '@filon/core/errors';
import type { ByteReader, ByteSource } from './byte-reader.ts';
import { corrupt, type GgufErrorDetails, notGguf, overLimit, unsupportedVersion } from './errors.ts';
import type { GgufLimits } from './limits.ts';
import { type GgufMetadata, readMetadata, type ValuePlace } from './metadata.ts';
import { checkTensorsInside, type GgufTensor, padded, readTensors } from './tensors.ts';

export interface HeaderOptions {
  signal?: AbortSignal;
  limits?: GgufLimits;
  /** What error messages call the file; its path unless given. */
  label?: string;
}

const MAGIC = 0x4655_4747;
const DEFAULT_ALIGNMENT = 32;

export interface GgufPairs {
  version: number;
  tensorCount: number;
  metadata: GgufMetadata;
  places: ReadonlyMap<string, ValuePlace>;
}

/** A file as something to read from. What the system says of it becomes GGUF_UNREADABLE. */
export async function withSource<R>(
  path: string,
  options: HeaderOptions,
  work: (source: ByteSource) => Promise<R>,
): Promise<R> {
  const label = options.label ?? path;
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const source: ByteSource = {
      label,
      bytes: size,
      read: async (target, position) => (await file.read(target, 0, target.length, position)).bytesRead,
    };
    return await work(source);
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

/** The first part of a header: all but the list of tensors. */
export async function readPairs(reader: ByteReader): Promise<GgufPairs> {
  const { limits } = reader;
  const version = await readPreamble(reader);
  const tensorCount = await readCount(reader, 'tensors', limits.tensors);
  const pairCount = await readCount(reader, 'keyValuePairs', limits.keyValuePairs);
  return { version, tensorCount, ...(await readMetadata(reader, pairCount)) };
}

/** The rest of it. */
export async function readTensorList(
  reader: ByteReader,
  count: number,
  metadata: GgufMetadata,
): Promise<{ tensors: GgufTensor[]; dataOffset: number }> {
  const alignment = alignmentOf(reader.file, metadata, reader.limits);
  const tensors = await readTensors(reader, count, alignment);
  if (tensors.length === 0) throw corrupt(reader.file, 'the tensor list', 'is empty');
  const dataOffset = padded(reader.position, alignment);
  checkTensorsInside(reader, tensors, dataOffset);
  return { tensors, dataOffset };
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

function alignmentOf(file: string, metadata: GgufMetadata, limits: GgufLimits): number {
  const value = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPowerOfTwo = typeof value === 'number' && value > 0 && Math.log2(value) % 1 === 0;
  if (!isPowerOfTwo) throw corrupt(file, 'key general.alignment', `is ${String(value)}, not a power of two`);
  if (value > limits.alignment) throw overLimit(file, 'alignment', { value, max: limits.alignment });
  return value;
}
