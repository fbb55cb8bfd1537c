/** Keeps downloads from filling the disk on which the node also keeps everything else. */
import { statfs } from 'node:fs/promises';
import { diskFull } from '@filon/core/model/errors';

/** Bytes that this user may still write in a folder. */
export type FreeBytes = (folder: string) => Promise<number>;

/** Left for logs, the store and the system. */
export const DISK_RESERVE_BYTES: number = 64 * 1024 * 1024;

export const freeBytesOnDisk: FreeBytes = async (folder) => {
  const facts = await statfs(folder);
  return facts.bavail * facts.bsize;
};

/** Codes: MODEL_DISK_FULL, with the reserve among what is needed, so that its figures are those of `df`. */
export async function requireSpace(folder: string, neededBytes: number, freeBytes: FreeBytes): Promise<void> {
  if (neededBytes <= 0) return;
  const free = await freeBytes(folder);
  const withReserve = neededBytes + DISK_RESERVE_BYTES;
  if (withReserve > free) throw diskFull(folder, { neededBytes: withReserve, freeBytes: free });
}

/** Whether writing failed for want of space or quota. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
