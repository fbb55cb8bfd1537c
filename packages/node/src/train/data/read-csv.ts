/** Rows of CSV by csv-parse, with names of columns from the first row. RFC 4180, with the separators that are in use. */
import { isFilonError, messageOf } from '@filon/core/errors';
import { fileInvalid } from '@filon/core/training/data/errors';
import { CsvError, type Info, parse } from 'csv-parse';
import { LINE_CHARS_MAX } from './text-lines.ts';

const COLUMNS_MAX = 4096;
const SEPARATORS = [',', ';', '\t'] as const;

export interface CsvRow {
  /** By names of columns; null when the row has more or fewer cells than the heading. */
  cells: Record<string, string> | null;
  /** In which it ends. */
  line: number;
}

/** `onHeading` may refuse the file. Code: DATA_FILE_INVALID. */
export async function* csvRows(
  name: string,
  texts: AsyncIterable<string>,
  options: { delimiter: string | null; onHeading: (columns: string[]) => void },
): AsyncGenerator<CsvRow> {
  const { first, all } = await withFirstLine(texts);
  const parser = parse({
    delimiter: options.delimiter ?? likeliestSeparator(first),
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LINE_CHARS_MAX,
  });
  const feeding = feed(parser, all);
  let columns: string[] | null = null;
  try {
    for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: string[] }>) {
      if (columns === null) {
        columns = headingOf(name, record);
        options.onHeading(columns);
      } else yield { cells: cellsOf(columns, record), line: info.lines };
    }
    await feeding;
  } catch (error) {
    parser.destroy();
    await feeding.catch(() => {});
    if (isFilonError(error) || !(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : null;
    throw fileInvalid(name, { line, reason: reasonOf(error) }, error);
  }
}

function reasonOf(error: CsvError): string {
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return 'a quotation mark is opened and never closed';
  if (error.code === 'CSV_MAX_RECORD_SIZE') return `a row is longer than ${LINE_CHARS_MAX} characters`;
  return messageOf(error);
}

/** Waits while the parser is full; ends silently when the parser has failed, which tells why itself. */
async function feed(parser: ReturnType<typeof parse>, texts: AsyncIterable<string>): Promise<void> {
  try {
    for await (const text of texts) {
      if (parser.destroyed) return;
      if (!parser.write(text)) await drained(parser);
    }
    parser.end();
  } catch (error) {
    parser.destroy(error instanceof Error ? error : undefined);
    throw error;
  }
}

function drained(parser: ReturnType<typeof parse>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  parser.once('drain', resolve).once('close', resolve);
  return promise.finally(() => parser.off('drain', resolve).off('close', resolve));
}

function headingOf(name: string, names: readonly string[]): string[] {
  const columns = names.map((column) => column.trim());
  const twice = columns.find((column, at) => column !== '' && columns.indexOf(column) < at);
  if (twice !== undefined) throw fileInvalid(name, { line: 1, reason: `two columns are called "${twice}"` });
  if (columns.length > COLUMNS_MAX)
    throw fileInvalid(name, { line: 1, reason: `it has ${columns.length} columns; at most ${COLUMNS_MAX}` });
  return columns;
}

function cellsOf(columns: readonly string[], record: readonly string[]): Record<string, string> | null {
  if (record.length !== columns.length) return null;
  return Object.fromEntries(columns.map((column, at) => [column, record[at] ?? '']));
}

/** Of what is outside quotation marks in the heading, the one that is there most often. */
export function likeliestSeparator(heading: string): string {
  const bare = heading.replaceAll(/"[^"]*"/g, '');
  const counts = SEPARATORS.map((separator) => bare.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))] ?? ',';
}

async function withFirstLine(
  texts: AsyncIterable<string>,
): Promise<{ first: string; all: AsyncIterable<string> }> {
  const iterator = texts[Symbol.asyncIterator]();
  let held = '';
  while (!held.includes('\n') && held.length < LINE_CHARS_MAX) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    held += value;
  }
  async function* all(): AsyncGenerator<string> {
    yield held;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { first: held.slice(0, Math.max(0, held.indexOf('\n')) || held.length), all: all() };
}
