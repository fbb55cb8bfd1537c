/** Files of training data, wherever their source is. Adapters: this machine with the web and the hub (real), memory. */
import type { DataSource } from '@filon/core/training/data/source';

export interface DataFile {
  /** Below its source, with slashes; never a path of this machine. */
  name: string;
  bytes: number;
  /** What the adapter finds it by. */
  key: string;
}

export interface DataFilesOptions {
  signal: AbortSignal;
}

export interface FindOptions extends DataFilesOptions {
  /** The folder that paths of `file:` count from. */
  base: string;
  /** Of what must be fetched first; `totalBytes` null while nobody knows. */
  onProgress(progress: { name: string; doneBytes: number; totalBytes: number | null }): void;
}

/** A row, by names of columns; JSON values and bigints. */
export type DataRow = Readonly<Record<string, unknown>>;

export interface DataFiles {
  /**
   * All data files of a source in the order of their names, fetched if need be. Codes: DATA_SOURCE_INVALID, DATA_SOURCE_DEAD,
   * DATA_FILE_INVALID, DATA_TOO_LARGE, DATA_DISK_FULL.
   */
  find(source: DataSource, options: FindOptions): Promise<DataFile[]>;
  /** Its bytes from the start. Code: DATA_FILE_INVALID. */
  read(file: DataFile, options: DataFilesOptions): AsyncIterable<Uint8Array>;
  /** Of Parquet: named columns, null for all. Codes: DATA_COLUMNS_MISSING, DATA_FILE_INVALID. */
  rows(
    file: DataFile,
    options: DataFilesOptions & { columns: readonly string[] | null },
  ): AsyncIterable<DataRow>;
  /** Of PDF: the text of each page. Code: DATA_FILE_INVALID. */
  pages(file: DataFile, options: DataFilesOptions): AsyncIterable<string>;
}
