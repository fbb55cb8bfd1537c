/** Prepared data by the id of its manifest: items, shards and reports. Adapters: a folder (real), memory. */

export interface DataDraft extends AsyncDisposable {
  /** Adds to a file of the draft. Code: DATA_DISK_FULL. */
  append(name: string, bytes: Uint8Array): Promise<void>;
  /** Makes all of it appear as `id` at once; when `id` is there already the draft goes. */
  commit(id: string): Promise<void>;
}

export interface StoredFile {
  name: string;
  bytes: number;
}

/** Names of files are letters, digits, `.` and `-`. Every method may fail with DATA_STORE_UNAVAILABLE. */
export interface DataStore {
  /** Ids of what is there whole. */
  list(): Promise<string[]>;
  /** Disposed of without a commit, or with its process, it leaves nothing. */
  draft(): Promise<DataDraft>;
  /** In the order of their names; none for an id that is not there. */
  files(id: string): Promise<StoredFile[]>;
  read(id: string, name: string): AsyncIterable<Uint8Array>;
  /** Exactly `bytes` from `offset` on. */
  readAt(id: string, name: string, part: { offset: number; bytes: number }): Promise<Uint8Array>;
  /** The file has its old content or all of the new one, whatever happens. Code: DATA_DISK_FULL. */
  write(id: string, name: string, bytes: Uint8Array): Promise<void>;
  remove(id: string): Promise<void>;
}

export const DATA_ID: RegExp = /^[0-9a-f]{64}$/;
export const DATA_FILE_NAME: RegExp = /^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/;
