/** Files of training data that a test made up, by `file:NAME`; a source names one, or all below `NAME/`. */
import { dataSourceDead } from '@filon/core/training/data/errors';
import { parseDataSource } from '@filon/core/training/data/source';
import type { DataFiles, DataRow } from '../../ports/data-files.ts';

export type MemoryFile = string | Uint8Array | { rows: readonly DataRow[] } | { pages: readonly string[] };

export function createMemoryDataFiles(files: Readonly<Record<string, MemoryFile>>): DataFiles {
  const bytesOf = (name: string): Uint8Array => {
    const file = files[name];
    if (typeof file === 'string') return new TextEncoder().encode(file);
    return file instanceof Uint8Array ? file : new TextEncoder().encode(JSON.stringify(file));
  };
  return {
    find: async (source) => {
      const address = parseDataSource(source.source);
      const path = address.kind === 'file' ? address.path : source.source;
      const found = Object.keys(files).filter((name) => name === path || name.startsWith(`${path}/`));
      if (found.length === 0) throw dataSourceDead(source.source, 'there is no such file');
      const named = found.map((key) => ({
        key,
        name: key.slice(key === path ? key.lastIndexOf('/') + 1 : path.length + 1),
      }));
      return named
        .map((file) => ({ ...file, bytes: bytesOf(file.key).length }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async *read(file) {
      yield bytesOf(file.key);
    },
    async *rows(file) {
      const made = files[file.key];
      if (typeof made === 'object' && 'rows' in made) yield* made.rows;
    },
    async *pages(file) {
      const made = files[file.key];
      if (typeof made === 'object' && 'pages' in made) yield* made.pages;
    },
  };
}
