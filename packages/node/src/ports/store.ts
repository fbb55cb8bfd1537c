/** Durable small facts, by table and key. Adapters: SQLite (real), memory (tests). Values are JSON. */

export interface Tables {
  /** Certified settings and benchmarks, by `${sha256}/${device}`. */
  certificates: unknown;
  /** Content hashes pinned at the first pull, by source. */
  pins: { sha256: string; bytes: number };
  /** Who holds a card, by device id. */
  leases: { holder: string; purpose: string; sinceMs: number; pid: number };
}

export type TableName = keyof Tables;

export interface Store {
  get<T extends TableName>(table: T, key: string): Tables[T] | undefined;
  put<T extends TableName>(table: T, key: string, value: Tables[T]): void;
  delete(table: TableName, key: string): void;
  list<T extends TableName>(table: T): { key: string; value: Tables[T] }[];
  /** All of the work, or none of it, whatever kills the process. */
  transaction<R>(work: () => R): R;
}
