/** Clears away what interrupted downloads left long ago. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Whoever has not gone on with a download for so long will not. */
export const PARTIAL_AGE_MAX_MS: number = 30 * 24 * 3600 * 1000;

export async function sweepPartials(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    if (facts === null || nowMs - facts.mtimeMs < PARTIAL_AGE_MAX_MS) continue;
    await rm(path, { recursive: true, force: true });
  }
}
