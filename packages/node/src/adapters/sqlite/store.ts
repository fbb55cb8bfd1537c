/**
 * The store in one SQLite file of the node's home, which only its user may read. Write-ahead log and `synchronous =
 * FULL`: a put is on the disk when it returns, whatever then kills the process or the power; only what is put in relaxed
 * transactions a power cut may take back. Values are small, so calls are synchronous.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { FilonError, invariant, messageOf } from '@filon/core/errors';
import type { KeyRange, Store, TableName, Tables } from '../../ports/store.ts';
import type { StoreErrorDetails } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';

export const STORE_VALUE_BYTES_MAX: number = 1024 * 1024;
const BUSY_TIMEOUT_MS = 2000;
/** For the file and, because SQLite does as the file has it, for its log. */
const FILE_MODE = 0o600;
const TABLES: readonly TableName[] = [
  ...(['certificates', 'pins', 'leases'] as const),
  ...(['keys', 'usage', 'browserSessions'] as const),
  ...(['answers', 'answerTexts', 'answerParts'] as const),
  ...(['reliability', 'speeds', 'anchors'] as const),
  ...(['membership', 'invites', 'members', 'trust'] as const),
  ...(['upstreams', 'relayed', 'disowned'] as const),
];

export interface SqliteStoreConfig {
  /** The database file; made when it is not there. */
  path: string;
}

/** Codes: STORE_CORRUPT, STORE_TOO_NEW, STORE_BUSY, STORE_FULL, STORE_UNAVAILABLE. */
export async function openSqliteStore(config: SqliteStoreConfig): Promise<Store & AsyncDisposable> {
  let db: DatabaseSync | null = null;
  try {
    makePrivate(config.path);
    db = new DatabaseSync(config.path, { timeout: BUSY_TIMEOUT_MS });
    prepare(db, config.path);
    return new SqliteStore(db, config.path);
  } catch (error) {
    db?.close();
    throw explain(error, config.path);
  }
}

function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', FILE_MODE));
    chmodSync(path, FILE_MODE);
  } catch (error) {
    throw unavailable(error, path);
  }
}

function prepare(db: DatabaseSync, path: string): void {
  // What is deleted is overwritten, not only forgotten.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  const health = db.prepare('PRAGMA quick_check(1)').get();
  if (health?.['quick_check'] !== 'ok') throw corrupt(path, String(health?.['quick_check']));
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > MIGRATIONS.length) throw tooNew(path, version);
  for (let step = version; step < MIGRATIONS.length; step++) {
    db.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[step]} PRAGMA user_version = ${step + 1}; COMMIT;`);
  }
}

interface Statements {
  get: StatementSync;
  put: StatementSync;
  delete: StatementSync;
  deleteRange: StatementSync;
  list: StatementSync;
  listRange: StatementSync;
}

class SqliteStore implements Store, AsyncDisposable {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements: ReadonlyMap<TableName, Statements>;
  #depth = 0;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    this.#statements = new Map(TABLES.map((table) => [table, statementsFor(db, table)]));
  }

  get<T extends TableName>(table: T, key: string): Tables[T] | undefined {
    const row = this.#run(() => this.#of(table).get.get(key));
    return row === undefined ? undefined : this.#parse(table, row['value']);
  }

  put<T extends TableName>(table: T, key: string, value: Tables[T]): void {
    const text = JSON.stringify(value);
    invariant(text !== undefined, `a value of table ${table} is not JSON`);
    const bytes = Buffer.byteLength(text);
    if (bytes > STORE_VALUE_BYTES_MAX) throw tooLarge(table, key, bytes);
    this.#run(() => this.#of(table).put.run(key, text));
  }

  delete(table: TableName, key: string): void {
    this.#run(() => this.#of(table).delete.run(key));
  }

  deleteRange(table: TableName, { from, below }: KeyRange): void {
    this.#run(() => this.#of(table).deleteRange.run(from, below));
  }

  list<T extends TableName>(table: T, range?: KeyRange): { key: string; value: Tables[T] }[] {
    const { list, listRange } = this.#of(table);
    const rows = this.#run(() => (range ? listRange.all(range.from, range.below) : list.all()));
    return rows.map((row) => ({ key: String(row['key']), value: this.#parse(table, row['value']) }));
  }

  transaction<R>(work: () => R, options: { relaxed: boolean } = { relaxed: false }): R {
    if (!options.relaxed || this.#depth > 0) return this.#whole(work);
    this.#run(() => this.#db.exec('PRAGMA synchronous = NORMAL'));
    try {
      return this.#whole(work);
    } finally {
      this.#run(() => this.#db.exec('PRAGMA synchronous = FULL'));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #whole<R>(work: () => R): R {
    const mark = `level_${this.#depth}`;
    this.#run(() => this.#db.exec(this.#depth === 0 ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${mark}`));
    this.#depth += 1;
    try {
      const result = work();
      invariant(!(result instanceof Promise), 'a transaction must not wait');
      this.#depth -= 1;
      this.#run(() => this.#db.exec(this.#depth === 0 ? 'COMMIT' : `RELEASE ${mark}`));
      return result;
    } catch (error) {
      this.#rollBack(mark);
      throw error;
    }
  }

  /** SQLite has rolled back by itself after some failures, a full disk among them. */
  #rollBack(mark: string): void {
    const outermost = mark === 'level_0';
    this.#depth = Number(mark.slice('level_'.length));
    if (!this.#db.isTransaction) return;
    this.#db.exec(outermost ? 'ROLLBACK' : `ROLLBACK TO ${mark}; RELEASE ${mark}`);
  }

  #of(table: TableName): Statements {
    const statements = this.#statements.get(table);
    invariant(statements !== undefined, `no table ${table}`);
    return statements;
  }

  #parse<T extends TableName>(table: T, text: unknown): Tables[T] {
    try {
      return JSON.parse(String(text));
    } catch (error) {
      throw corrupt(this.#path, `table ${table}: ${messageOf(error)}`);
    }
  }

  #run<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      throw explain(error, this.#path);
    }
  }
}

function statementsFor(db: DatabaseSync, table: TableName): Statements {
  return {
    get: db.prepare(`SELECT value FROM ${table} WHERE key = ?`),
    put: db.prepare(
      `INSERT INTO ${table} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ),
    delete: db.prepare(`DELETE FROM ${table} WHERE key = ?`),
    deleteRange: db.prepare(`DELETE FROM ${table} WHERE key >= ? AND key < ?`),
    list: db.prepare(`SELECT key, value FROM ${table} ORDER BY key`),
    listRange: db.prepare(`SELECT key, value FROM ${table} WHERE key >= ? AND key < ? ORDER BY key`),
  };
}

/** Primary result codes, https://sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error;
  const options = { cause: error };
  const code = Number(error.errcode) & 0xff;
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return corrupt(path, error.message);
  if (code === SQLITE_BUSY) {
    const message = `The database ${path} is in use by another program. Close that program and try again.`;
    return new FilonError<StoreErrorDetails>({ code: 'STORE_BUSY', path }, message, options);
  }
  if (code === SQLITE_FULL) {
    const message = `The disk that holds ${path} is full. Free some space; nothing that was stored is lost.`;
    return new FilonError<StoreErrorDetails>({ code: 'STORE_FULL', path }, message, options);
  }
  return unavailable(error, path);
}

function unavailable(cause: unknown, path: string): FilonError<StoreErrorDetails> {
  const message = `The database ${path} cannot be used: ${messageOf(cause)}. Check the rights of the file and the folder.`;
  return new FilonError<StoreErrorDetails>({ code: 'STORE_UNAVAILABLE', path }, message, { cause });
}

function corrupt(path: string, why: string): FilonError<StoreErrorDetails> {
  return new FilonError<StoreErrorDetails>(
    { code: 'STORE_CORRUPT', path },
    `The database ${path} is damaged (${why}). \`filon doctor --repair\` moves it aside; models stay, but certificates, keys and kept answers are in it.`,
  );
}

function tooNew(path: string, version: number): FilonError<StoreErrorDetails> {
  const knownVersion = MIGRATIONS.length;
  return new FilonError<StoreErrorDetails>(
    { code: 'STORE_TOO_NEW', path, version, knownVersion },
    `The database ${path} was written by a newer Filon (format ${version}, this one knows ${knownVersion}). Update Filon, or use another --home.`,
  );
}

function tooLarge(table: string, key: string, bytes: number): FilonError<StoreErrorDetails> {
  const bytesMax = STORE_VALUE_BYTES_MAX;
  return new FilonError<StoreErrorDetails>(
    { code: 'STORE_VALUE_TOO_LARGE', table, key, bytes, bytesMax },
    `The value of ${key} for table ${table} has ${bytes} bytes; at most ${bytesMax} are kept.`,
  );
}
