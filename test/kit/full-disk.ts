/** A store on a disk that is full for a while: what is done in a transaction then is taken back, and it fails. */
import { FilonError } from '@filon/core/errors';
import type { Store } from '@filon/node/ports/store';

export interface FullDisk {
  store: Store;
  isFull: boolean;
}

export function fullDisk(store: Store): FullDisk {
  const disk: FullDisk = {
    isFull: false,
    store: {
      get: (table, key) => store.get(table, key),
      put: (table, key, value) => disk.store.transaction(() => store.put(table, key, value)),
      delete: (table, key) => disk.store.transaction(() => store.delete(table, key)),
      deleteRange: (table, range) => disk.store.transaction(() => store.deleteRange(table, range)),
      list: (table, range) => store.list(table, range),
      transaction: (work, options) =>
        store.transaction(() => {
          const result = work();
          if (disk.isFull) throw new FilonError({ code: 'STORE_FULL' }, 'the disk is full');
          return result;
        }, options),
    },
  };
  return disk;
}
