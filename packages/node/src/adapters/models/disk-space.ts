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

/** Codes: MODEL_DISK_FULL. */
export async function requireSpace(folder: string, neededBytes: number, freeBytes: FreeBytes): Promise<void> {
  const free = Math.max(0, (await freeBytes(folder)) - DISK_RESERVE_BYTES);
  if (neededBytes > free) throw diskFull(folder, { neededBytes, freeBytes: free });
}

/** Whether writing failed for want of space or quota. */
export function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
