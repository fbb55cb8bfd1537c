/** One file of any format as records, one at a time: rows and objects by their fields, running text in passages. */

import { columnsMissing, fileInvalid } from '@filon/core/training/data/errors';
import type { DataFormat, DataSource, Encoding } from '@filon/core/training/data/source';
import type { DropReason } from '@filon/core/training/item';
import { columnsOf, usualColumns } from '@filon/core/training/read-item';
import type { DataFile, DataFiles, DataRow } from '../../ports/data-files.ts';
import { passagesOf } from './passages.ts';
import { csvRows } from './read-csv.ts';
import { decodedText, linesOf } from './text-lines.ts';

export type DataRecord = { line: number } & (
  | { fields: unknown }
  | { text: string }
  | { dropped: DropReason }
);

export interface ReadableFile {
  file: DataFile;
  format: DataFormat;
  /** Of formats that are text. */
  encoding: Encoding;
  source: DataSource;
}

/** Codes: DATA_COLUMNS_MISSING, DATA_FILE_INVALID, DATA_ENCODING. */
export function readRecords(
  readable: ReadableFile,
  files: DataFiles,
  signal: AbortSignal,
): AsyncGenerator<DataRecord> {
  const { file, format, encoding } = readable;
  const text = (): AsyncGenerator<string> => decodedText(file.name, files.read(file, { signal }), encoding);
  switch (format) {
    case 'text':
      return passagesOf(text());
    case 'jsonl':
      return jsonLines(text());
    case 'csv':
      return csvRecords(readable, text());
    case 'parquet':
      return parquetRecords(readable, files, signal);
    case 'pdf':
      return pdfRecords(file, files, signal);
  }
}

export async function* jsonLines(texts: AsyncIterable<string>): AsyncGenerator<DataRecord> {
  for await (const { text, number, isCut } of linesOf(texts)) {
    if (isCut) yield { line: number, dropped: 'line-too-long' };
    else if (text.trim() !== '') yield parseLine(text, number);
  }
}

function parseLine(text: string, line: number): DataRecord {
  try {
    return { line, fields: JSON.parse(text) };
  } catch {
    return { line, dropped: 'json-invalid' };
  }
}

async function* csvRecords(
  { file, source }: ReadableFile,
  texts: AsyncIterable<string>,
): AsyncGenerator<DataRecord> {
  const options = {
    delimiter: source.delimiter ?? null,
    onHeading: (found: string[]) => checkColumns(file, source, found),
  };
  for await (const { cells, line } of csvRows(file.name, texts, options))
    yield cells === null ? { line, dropped: 'row-invalid' } : { line, fields: cells };
}

async function* parquetRecords(
  { file, source }: ReadableFile,
  files: DataFiles,
  signal: AbortSignal,
): AsyncGenerator<DataRecord> {
  const columns = source.columns === undefined ? null : [...columnsOf(source.columns), 'choices', 'answer'];
  const known =
    columns === null || source.questions === true
      ? null
      : await presentColumns(file, files, { columns, signal });
  let line = 0;
  for await (const row of files.rows(file, { columns: known, signal })) {
    line++;
    if (line === 1) checkColumns(file, source, Object.keys(row));
    yield { line, fields: plainRow(row) };
  }
}

/** The columns of choices are read where there are any. */
async function presentColumns(
  file: DataFile,
  files: DataFiles,
  { columns, signal }: { columns: string[]; signal: AbortSignal },
): Promise<string[]> {
  for await (const row of files.rows(file, { columns: null, signal })) {
    const missing = columns.slice(0, -2).filter((name) => !Object.hasOwn(row, name));
    if (missing.length > 0) throw columnsMissing(file.name, { line: 1, missing, found: Object.keys(row) });
    return columns.filter((name) => Object.hasOwn(row, name));
  }
  return columns.slice(0, -2);
}

/** Parquet has numbers that JSON has not. */
function plainRow(row: DataRow): DataRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]),
  );
}

/** Without named columns the usual ones must be there, except where any columns make questions. */
function checkColumns(file: DataFile, source: DataSource, found: readonly string[]): void {
  if (source.columns === undefined) {
    if (source.questions === true || usualColumns(found) !== null) return;
    throw columnsMissing(file.name, { line: 1, missing: ['text'], found: [...found] });
  }
  const optional = 'prompt' in source.columns ? [source.columns.choices, source.columns.answer] : [];
  const missing = columnsOf(source.columns).filter(
    (name) => !found.includes(name) && !optional.includes(name),
  );
  if (missing.length > 0) throw columnsMissing(file.name, { line: 1, missing, found: [...found] });
}

async function* pdfRecords(
  file: DataFile,
  files: DataFiles,
  signal: AbortSignal,
): AsyncGenerator<DataRecord> {
  let page = 0;
  let hasText = false;
  for await (const text of files.pages(file, { signal })) {
    page++;
    hasText ||= text.trim() !== '';
    for await (const passage of passagesOf(only(text))) yield { text: passage.text, line: page };
  }
  if (page > 0 && !hasText)
    throw fileInvalid(file.name, {
      line: null,
      reason: 'none of its pages has text; it may be scanned, and pictures are not read',
    });
}

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}
