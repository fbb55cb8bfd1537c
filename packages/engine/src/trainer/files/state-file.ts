/**
 * The state of a training in one file (docs/protocol/checkpoint.md): 8 bytes of magic, the length of a JSON head as u64, the
 * head, then for each part and group the flat f32 array, little-endian. The sha256 of the whole is its content id.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FilonError } from '@filon/core/errors';
import { parseStateHead } from '@filon/core/training/state-head';
import type { TrainerErrorDetails } from '../errors.ts';
import type { Trainer } from '../trainer.ts';

const MAGIC = Buffer.from('FILONTS1');
const HEAD_BYTES_MAX = 65_536;
/** The parts that a training needs to go on; gradients are made anew. */
const PARTS = ['values', 'm', 'v'] as const;

/** Writes the state beside `path` and then gives it its name. @returns its content id and size */
export async function saveState(
  trainer: Trainer,
  path: string,
  layout: string,
): Promise<{ sha256: string; bytes: number }> {
  const partial = `${path}.partial`;
  try {
    const written = await writeState(trainer, partial, layout);
    await rename(partial, path);
    await syncFolder(dirname(path));
    return written;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeState(trainer: Trainer, path: string, layout: string) {
  await using file = await open(path, 'w', 0o600);
  const hash = createHash('sha256');
  let bytes = 0;
  const write = async (data: Uint8Array) => {
    hash.update(data);
    bytes += data.byteLength;
    await file.writeFile(data);
  };
  const groups = trainer.groups.map((group) => group.layout.length);
  const head = Buffer.from(JSON.stringify({ ...trainer.progress, layout, groups }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  for (const piece of [MAGIC, length, head]) await write(piece);
  for (const part of PARTS)
    for (const flat of trainer.read(part))
      await write(new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength));
  await file.sync();
  return { sha256: hash.digest('hex'), bytes };
}

/** Puts a state back. @throws TRAIN_STATE_INVALID */
export async function loadState(trainer: Trainer, path: string, layout: string): Promise<void> {
  await using file = await open(path, 'r');
  const invalid = (reason: string) =>
    new FilonError<TrainerErrorDetails>(
      { code: 'TRAIN_STATE_INVALID', file: path, reason },
      `${path} is no state of this training: ${reason}. Take an earlier checkpoint`,
    );
  const preamble = await readExactly(file, 16);
  if (preamble === null || !preamble.subarray(0, 8).equals(MAGIC)) throw invalid('it does not begin as one');
  const length = Number(preamble.readBigUInt64LE(8));
  if (length > HEAD_BYTES_MAX) throw invalid(`its head has ${length} bytes`);
  const head = parseStateHead(String(await readExactly(file, length)));
  if (head === null) throw invalid('its head cannot be read');
  if (head.layout !== layout) throw invalid('it belongs to another model, or to other settings');
  const groups = trainer.groups.map((group) => group.layout.length);
  if (head.groups.join() !== groups.join()) throw invalid('its arrays have other lengths');
  for (const part of PARTS) {
    const flats: Float32Array[] = [];
    for (const count of groups) {
      const data = await readExactly(file, count * 4);
      if (data === null) throw invalid('it is cut off');
      flats.push(new Float32Array(data.buffer, data.byteOffset, count));
    }
    await trainer.write(part, flats);
  }
  trainer.resumeAt(head);
}

/** Bytes of a buffer of their own, so that numbers lie at a multiple of their size; null at the file's end. */
async function readExactly(file: FileHandle, bytes: number): Promise<Buffer | null> {
  const target = Buffer.from(new ArrayBuffer(bytes));
  let filled = 0;
  while (filled < bytes) {
    const { bytesRead } = await file.read(target, filled, bytes - filled, null);
    if (bytesRead === 0) return null;
    filled += bytesRead;
  }
  return target;
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
