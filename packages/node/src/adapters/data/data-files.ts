/** Files of training data of this machine; those of the web and the hub are fetched by whoever was given for that. */
import { createReadStream } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { messageOf } from '@filon/core/errors';
import { dataSourceDead, dataTooLarge } from '@filon/core/training/data/errors';
import { formatOfName, parseDataSource } from '@filon/core/training/data/source';
import type { DataFile, DataFiles, FindOptions } from '../../ports/data-files.ts';
import { unreadable } from './errors.ts';
import { parquetRows } from './parquet-rows.ts';
import { pdfPages } from './pdf-pages.ts';

/** Of one source. */
export const DATA_FILES_MAX = 10_000;
const DEPTH_MAX = 32;
const CHUNK_BYTES = 256 * 1024;

export type FetchedAddress = { kind: 'https'; url: string } | { kind: 'hf'; repo: string; path: string };

/** Brings files of elsewhere to this machine. `path`s are absolute. Codes: DATA_SOURCE_DEAD, DATA_DISK_FULL. */
export type FetchData = (
  source: { text: string; address: FetchedAddress },
  options: FindOptions,
) => Promise<{ name: string; path: string }[]>;

export function createDataFiles({ fetchData }: { fetchData: FetchData }): DataFiles {
  return {
    async find(source, options) {
      const address = parseDataSource(source.source);
      const found =
        address.kind === 'file'
          ? await filesBelow(source.source, resolve(options.base, address.path))
          : await fetchData({ text: source.source, address }, options);
      if (found.length > DATA_FILES_MAX)
        throw dataTooLarge(`files of ${source.source}`, found.length, DATA_FILES_MAX);
      const files = await Promise.all(
        found.map(
          async ({ name, path }): Promise<DataFile> => ({ name, key: path, bytes: (await stat(path)).size }),
        ),
      );
      return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async *read(file, { signal }) {
      try {
        yield* createReadStream(file.key, { highWaterMark: CHUNK_BYTES, signal });
      } catch (error) {
        signal.throwIfAborted();
        throw unreadable(file.name, error);
      }
    },
    async *rows(file, { columns, signal }) {
      await using handle = await open(file.key).catch((error: unknown) => {
        throw unreadable(file.name, error);
      });
      const buffer = {
        byteLength: file.bytes,
        slice: async (start: number, end: number = file.bytes): Promise<ArrayBuffer> => {
          signal.throwIfAborted();
          const bytes = new Uint8Array(end - start);
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
          return bytes.buffer.slice(0, bytesRead);
        },
      };
      yield* parquetRows({ name: file.name, buffer }, columns);
    },
    pages: (file, { signal }) => pdfPages({ name: file.name, path: file.key }, signal),
  };
}

/** A file, or those of a folder whose ending is that of a format, and what lies below it. Links out of it are left alone. */
async function filesBelow(source: string, path: string): Promise<{ name: string; path: string }[]> {
  const facts = await stat(path).catch((error: unknown) => {
    throw dataSourceDead(source, messageOf(error), error);
  });
  if (facts.isFile()) return [{ name: basename(path), path }];
  if (!facts.isDirectory()) throw dataSourceDead(source, 'it is neither a file nor a folder');
  const root = await realpath(path);
  const found = await walk(root, '', 0).catch((error: unknown) => {
    throw dataSourceDead(source, messageOf(error), error);
  });
  if (found.length === 0) throw dataSourceDead(source, 'no file of a known format is in that folder');
  return found;
}

async function walk(root: string, below: string, depth: number): Promise<{ name: string; path: string }[]> {
  const found: { name: string; path: string }[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && depth < DEPTH_MAX) found.push(...(await walk(root, name, depth + 1)));
    else if (formatOfName(entry.name) !== null && (await isFileBelow(root, join(root, name))))
      found.push({ name, path: join(root, name) });
    if (found.length > DATA_FILES_MAX)
      throw dataTooLarge(`files below ${root}`, found.length, DATA_FILES_MAX);
  }
  return found;
}

async function isFileBelow(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => null);
  return real?.startsWith(root + sep) === true && (await stat(real)).isFile();
}
