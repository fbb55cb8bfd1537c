/** Prepared data that lasts as long as the process. */
import { invariant } from '@filon/core/errors';
import { dataStoreUnavailable, shardInvalid } from '@filon/core/training/data/errors';
import { DATA_FILE_NAME, DATA_ID, type DataStore } from '../../ports/data-store.ts';

type Files = Map<string, Uint8Array>;

export function createMemoryDataStore(): DataStore {
  const folders = new Map<string, Files>();
  const filesOf = (id: string): Files => {
    invariant(DATA_ID.test(id), `${id} is no id of data`);
    return folders.get(id) ?? new Map();
  };
  const fileOf = (id: string, name: string): Uint8Array => {
    invariant(DATA_FILE_NAME.test(name), `${name} is no name of a file of data`);
    const bytes = filesOf(id).get(name);
    if (bytes === undefined) throw dataStoreUnavailable('in memory', `there is no ${name} of ${id}`);
    return bytes;
  };
  return {
    list: async () => [...folders.keys()].toSorted(),
    draft: async () => {
      const files: Files = new Map();
      return {
        append: async (name, bytes) => {
          invariant(DATA_FILE_NAME.test(name), `${name} is no name of a file of data`);
          files.set(name, Buffer.concat([files.get(name) ?? new Uint8Array(), bytes]));
        },
        commit: async (id) => {
          if (!folders.has(id)) folders.set(id, new Map(files));
        },
        [Symbol.asyncDispose]: async () => files.clear(),
      };
    },
    files: async (id) =>
      [...filesOf(id)]
        .map(([name, { length }]) => ({ name, bytes: length }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    async *read(id, name) {
      yield fileOf(id, name);
    },
    readAt: async (id, name, { offset, bytes }) => {
      const part = fileOf(id, name).slice(offset, offset + bytes);
      if (part.length < bytes) throw shardInvalid(name, `it ends at byte ${offset + part.length}`);
      return part;
    },
    write: async (id, name, bytes) => {
      invariant(DATA_FILE_NAME.test(name), `${name} is no name of a file of data`);
      const files = filesOf(id);
      if (!folders.has(id)) throw dataStoreUnavailable('in memory', `there is no ${id}`);
      files.set(name, bytes.slice());
    },
    remove: async (id) => void folders.delete(id),
  };
}
