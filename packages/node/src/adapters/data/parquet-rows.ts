/**
 * Rows of Parquet files by hyparquet, a group of rows at a time and of that only the columns that are wanted. The
 * decompression is Node's own.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { isFilonError, messageOf } from '@filon/core/errors';
import { columnsMissing, dataTooLarge, fileInvalid } from '@filon/core/training/data/errors';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';
import type { DataRow } from '../../ports/data-files.ts';

/** Of one group of rows, unpacked: what is in memory at a time. */
export const GROUP_BYTES_MAX: number = 2 ** 30;
const ROWS_AT_ONCE = 1024;

type Unpack = (input: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
const within =
  (unpack: Unpack): ((input: Uint8Array, length: number) => Uint8Array) =>
  (input, length) =>
    unpack(input, { maxOutputLength: Math.max(1, length) });
const COMPRESSORS: Compressors = {
  GZIP: within(gunzipSync),
  BROTLI: within(brotliDecompressSync),
  ZSTD: within(zstdDecompressSync),
};

export async function* parquetRows(
  file: { name: string; buffer: AsyncBuffer },
  columns: readonly string[] | null,
): AsyncGenerator<DataRow> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  try {
    const metadata = await parquetMetadataAsync(file.buffer);
    checkColumns(file.name, metadata, columns);
    let start = 0;
    for (const group of metadata.row_groups) {
      const bytes = Number(group.total_byte_size);
      if (bytes > GROUP_BYTES_MAX)
        throw dataTooLarge(`bytes in a group of rows of ${file.name}`, bytes, GROUP_BYTES_MAX);
      const end = start + Number(group.num_rows);
      for (let from = start; from < end; from += ROWS_AT_ONCE) {
        const part = { rowStart: from, rowEnd: Math.min(end, from + ROWS_AT_ONCE) };
        const wanted = columns === null ? {} : { columns: [...columns] };
        yield* await parquetReadObjects({
          file: file.buffer,
          metadata,
          compressors: COMPRESSORS,
          ...wanted,
          ...part,
        });
      }
      start = end;
    }
  } catch (error) {
    // The reader throws errors of every kind at bytes that are none of Parquet's.
    if (isFilonError(error) || (error instanceof Error && error.name === 'AbortError')) throw error;
    throw fileInvalid(
      file.name,
      { line: null, reason: `it is no Parquet file that can be read (${messageOf(error)})` },
      error,
    );
  }
}

function checkColumns(file: string, metadata: FileMetaData, columns: readonly string[] | null): void {
  const found = topColumns(metadata);
  const missing = (columns ?? []).filter((name) => !found.includes(name));
  if (missing.length > 0) throw columnsMissing(file, { line: 1, missing, found });
}

/** The schema is a flat list in which each entry says how many of the next are below it. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = (): void => {
    const children = schema[at++]?.num_children ?? 0;
    for (let child = 0; child < children; child++) skip();
  };
  while (at < schema.length) {
    names.push(schema[at]?.name ?? '');
    skip();
  }
  return names;
}
