/** The store in memory, for tests and for a node without a disk. Holds JSON texts, so values never share state. */
import { invariant } from '@filon/core/errors';
import type { KeyRange, Store, TableName, Tables } from '../../ports/store.ts';

export function createMemoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly #tables = new Map<TableName, Map<string, string>>();
  /** What undoes the transactions under way, first change first. */
  readonly #undo: (() => void)[] = [];
  #depth = 0;

  get<T extends TableName>(table: T, key: string): Tables[T] | undefined {
    const text = this.#of(table).get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  put<T extends TableName>(table: T, key: string, value: Tables[T]): void {
    const text = JSON.stringify(value);
    invariant(text !== undefined, `a value of table ${table} is not JSON`);
    this.#change(table, key, text);
  }

  delete(table: TableName, key: string): void {
    this.#change(table, key, undefined);
  }

  deleteRange(table: TableName, range: KeyRange): void {
    for (const key of this.#of(table).keys()) {
      if (isWithin(key, range)) this.#change(table, key, undefined);
    }
  }

  list<T extends TableName>(table: T, range?: KeyRange): { key: string; value: Tables[T] }[] {
    return [...this.#of(table)]
      .filter(([key]) => !range || isWithin(key, range))
      .sort(([a], [b]) => order(a, b))
      .map(([key, text]) => ({ key, value: JSON.parse(text) }));
  }

  transaction<R>(work: () => R): R {
    const mark = this.#undo.length;
    this.#depth += 1;
    try {
      const result = work();
      invariant(!(result instanceof Promise), 'a transaction must not wait');
      return result;
    } catch (error) {
      for (const undo of this.#undo.splice(mark).reverse()) undo();
      throw error;
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#undo.length = 0;
    }
  }

  #of(table: TableName): Map<string, string> {
    const known = this.#tables.get(table);
    if (known) return known;
    const rows = new Map<string, string>();
    this.#tables.set(table, rows);
    return rows;
  }

  #change(table: TableName, key: string, text: string | undefined): void {
    const rows = this.#of(table);
    const before = rows.get(key);
    set(rows, key, text);
    if (this.#depth > 0) this.#undo.push(() => set(rows, key, before));
  }
}

function set(rows: Map<string, string>, key: string, text: string | undefined): void {
  if (text === undefined) rows.delete(key);
  else rows.set(key, text);
}

function isWithin(key: string, { from, below }: KeyRange): boolean {
  return order(from, key) <= 0 && order(key, below) < 0;
}

/** As SQLite compares: by the bytes of UTF-8, which is the order of code points. */
function order(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
