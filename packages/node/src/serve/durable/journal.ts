/** What the answers of a node bring in one turn of the event loop, as one transaction. */
import type { Store } from '../../ports/store.ts';

export interface Entry {
  /** Puts its rows. */
  write(): void;
  /** They are in the store. */
  written(): void;
  /** They are not, and will not be. */
  failed(error: unknown): void;
}

export class Journal {
  readonly #store: Store;
  #entries: Entry[] = [];
  #scheduled = false;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Written at the end of this turn. */
  add(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    try {
      this.#write(entries);
    } catch (error) {
      if (entries.length === 1) entries[0]?.failed(error);
      else for (const entry of entries) this.#alone(entry);
      return;
    }
    for (const entry of entries) entry.written();
  }

  /** One that cannot be written must not take the others along. */
  #alone(entry: Entry): void {
    try {
      this.#write([entry]);
    } catch (error) {
      entry.failed(error);
      return;
    }
    entry.written();
  }

  #write(entries: readonly Entry[]): void {
    const work = (): void => {
      for (const entry of entries) entry.write();
    };
    this.#store.transaction(work, { relaxed: true });
  }
}
