/** Writes a GGUF file, one tensor in memory at a time. */
import { open } from 'node:fs/promises';
import { alignmentGap, encodeHeader, type MetaPair, type TensorPlace } from './encode.ts';

export interface TensorToWrite {
  name: string;
  /** Fastest-varying dimension first. */
  shape: readonly number[];
  /** ggml's id. */
  type: number;
  bytes: number;
  read: () => Promise<Uint8Array>;
}

/**
 * Writes `path`, which must not exist, to the disk's own memory. Whoever calls gives the file its final name afterwards, or
 * deletes it where this failed.
 * @throws what the file system says; RangeError when a tensor has not the bytes that were announced
 */
export async function writeGgufFile(
  path: string,
  metadata: readonly MetaPair[],
  tensors: readonly TensorToWrite[],
  signal?: AbortSignal,
): Promise<void> {
  const places: TensorPlace[] = [];
  let offset = 0;
  for (const { name, shape, type, bytes } of tensors) {
    places.push({ name, shape, type, offset });
    offset += bytes + alignmentGap(bytes);
  }
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(encodeHeader(metadata, places));
  for (const { name, bytes, read } of tensors) {
    signal?.throwIfAborted();
    const data = await read();
    if (data.byteLength !== bytes)
      throw new RangeError(`tensor ${name} has ${data.byteLength} bytes, not ${bytes}`);
    await file.writeFile(data);
    await file.writeFile(new Uint8Array(alignmentGap(bytes)));
  }
  await file.sync();
}
