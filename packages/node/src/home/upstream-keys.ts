/** Keys of endpoints that are not ours: each in a file of its own that only the node's user may read. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FilonError, messageOf } from '@filon/core/errors';
import type { HomeErrorDetails } from './errors.ts';
import { readWithMode, writePrivately } from './private-file.ts';

export const UPSTREAM_KEY_CHARS_MAX = 4096;
/** What a header can carry. */
const KEY_FORM = /^[\x21-\x7e]+$/;

export interface UpstreamKeyFiles {
  /** null: there is none. Code: HOME_KEY. */
  get(id: string): string | null;
  put(id: string, key: string): void;
  delete(id: string): void;
}

/** `folder`: made when it is needed. */
export function createUpstreamKeyFiles(folder: string): UpstreamKeyFiles {
  const pathOf = (id: string): string => join(folder, `${id}.key`);
  return {
    get: (id) => read(pathOf(id)),
    put: (id, key) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writePrivately(pathOf(id), `${key}\n`);
    },
    delete: (id) => rmSync(pathOf(id), { force: true }),
  };
}

/** A key in a file of the operator's. Code: HOME_KEY. */
export function readUpstreamKey(path: string): string {
  const key = read(path);
  if (key === null) throw fault(path, 'broken', 'it is not there');
  return key;
}

function read(path: string): string | null {
  const found = readFile(path);
  if (found === null) return null;
  if ((found.mode & 0o077) !== 0) {
    const mode = found.mode.toString(8);
    throw fault(
      path,
      'open',
      `its mode is ${mode}, so others on this machine may have read it; \`chmod 600\` it`,
    );
  }
  const key = found.text.trim();
  if (key.length <= UPSTREAM_KEY_CHARS_MAX && KEY_FORM.test(key)) return key;
  throw fault(path, 'broken', 'it must hold one key, of letters, digits and signs, and nothing else');
}

function readFile(path: string): { text: string; mode: number } | null {
  try {
    return readWithMode(path);
  } catch (error) {
    throw fault(path, 'broken', messageOf(error));
  }
}

function fault(path: string, reason: 'open' | 'broken', why: string): FilonError<HomeErrorDetails> {
  const message = `The key ${path} of an upstream cannot be used: ${why}.`;
  return new FilonError<HomeErrorDetails>({ code: 'HOME_KEY', path, reason }, message);
}
