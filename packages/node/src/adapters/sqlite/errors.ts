/** What the SQLite store can fail with. */
export type StoreErrorDetails =
  /** The file is damaged, or is no database of ours. */
  | { code: 'STORE_CORRUPT'; path: string }
  /** A newer Filon wrote the file. */
  | { code: 'STORE_TOO_NEW'; path: string; version: number; knownVersion: number }
  /** Another program holds the file. */
  | { code: 'STORE_BUSY'; path: string }
  /** The disk is full. */
  | { code: 'STORE_FULL'; path: string }
  /** A value is over the limit. */
  | { code: 'STORE_VALUE_TOO_LARGE'; table: string; key: string; bytes: number; bytesMax: number }
  /** Anything else that the file system refused. */
  | { code: 'STORE_UNAVAILABLE'; path: string };
