import { isFilonError } from '@filon/core/errors';
import type { Store } from './store.ts';

const UNWRITABLE: ReadonlySet<string> = new Set(['STORE_FULL', 'STORE_UNAVAILABLE']);

/**
 * Writes what is good to have after a restart and is held in memory until then. On a full disk that is left out: what the
 * node does goes on without it, and whatever has to be kept says so with an error of its own.
 */
export function remember(store: Pick<Store, 'transaction'>, work: () => void): void {
  try {
    store.transaction(work, { relaxed: true });
  } catch (error) {
    if (!isFilonError(error) || !UNWRITABLE.has(error.code)) throw error;
  }
}
