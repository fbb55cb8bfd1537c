/** Files that only their user may read, written whole or not at all. */
import {
  chmodSync,
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Replaces what is there. It is on the disk when this returns, and after a power cut at any moment the old or the new. */
export function writePrivately(path: string, text: string): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode: 0o600, flush: true });
  // One that a crash left may have been made with another mode.
  chmodSync(draft, 0o600);
  renameSync(draft, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The text and the mode of the very file that was read; null: it is not there. */
export function readWithMode(path: string): { text: string; mode: number } | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return { text: readFileSync(file, 'utf8'), mode: fstatSync(file).mode & 0o777 };
  } finally {
    closeSync(file);
  }
}
