/** The store in memory, for tests and for a node without a disk. Holds JSON texts, so values never share state. */
import { invariant } from '@filon/core/errors';
import type { Store, TableName, Tables } from '../../ports/store.ts';

export function createMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  #rows: ReadonlyMap<string, string> = new Map();

  get<T extends TableName>(table: T, key: string): Tables[T] | undefined {
    const text = this.#rows.get(rowId(table, key));
    return text === undefined ? undefined : JSON.parse(text);
  }

  put<T extends TableName>(table: T, key: string, value: Tables[T]): void {
    const text = JSON.stringify(value);
    invariant(text !== undefined, `a value of table ${table} is not JSON`);
    this.#rows = new Map(this.#rows).set(rowId(table, key), text);
  }

  delete(table: TableName, key: string): void {
    const rows = new Map(this.#rows);
    rows.delete(rowId(table, key));
    this.#rows = rows;
  }

  list<T extends TableName>(table: T): { key: string; value: Tables[T] }[] {
    const prefix = rowId(table, '');
    return [...this.#rows]
      .filter(([id]) => id.startsWith(prefix))
      .map(([id, text]) => ({ key: id.slice(prefix.length), value: JSON.parse(text) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Maps are never changed in place, so the old one is the whole undo. */
  transaction<R>(work: () => R): R {
    const before = this.#rows;
    try {
      const result = work();
      invariant(!(result instanceof Promise), 'a transaction must not wait');
      return result;
    } catch (error) {
      this.#rows = before;
      throw error;
    }
  }
}

function rowId(table: TableName, key: string): string {
  return `${table}/${key}`;
}
