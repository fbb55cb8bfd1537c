import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from '@filon/core/training/data/source';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pdfOf } from '../../../../../test/kit/pdf.ts';
import type { DataRow } from '../../ports/data-files.ts';
import { createDataFiles } from './data-files.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'filon-data-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const { signal } = new AbortController();
const files = createDataFiles({ fetchData: async () => [] });
const find = (source: string) =>
  files.find({ source, licence: 'CC0-1.0' } satisfies DataSource, { base, signal, onProgress: () => {} });
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: { code: unknown }) => error.code,
  );
async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(values);
}
async function only(source: string) {
  const [file] = await find(source);
  if (file === undefined) throw new TypeError('no file');
  return file;
}

describe('file:', () => {
  test('finds the data files below a folder, in order, and follows no link out of it', async () => {
    mkdirSync(join(base, 'd', 'e'), { recursive: true });
    writeFileSync(join(base, 'd', 'b.txt'), 'bb');
    writeFileSync(join(base, 'd', 'e', 'a.csv'), 'a');
    writeFileSync(join(base, 'd', 'photo.jpg'), 'x');
    writeFileSync(join(base, 'd', '.hidden.txt'), 'x');
    writeFileSync(join(base, 'secret.txt'), 'x');
    symlinkSync(join(base, 'secret.txt'), join(base, 'd', 'link.txt'));
    expect((await find('file:d')).map(({ name, bytes }) => [name, bytes])).toEqual([
      ['b.txt', 2],
      ['e/a.csv', 1],
    ]);
    expect(await all(files.read(await only('file:d/b.txt'), { signal }))).toEqual([Buffer.from('bb')]);
  });

  test('says what is not there', async () => {
    mkdirSync(join(base, 'empty'));
    expect(await codeOf(find('file:none'))).toBe('DATA_SOURCE_DEAD');
    expect(await codeOf(find('file:empty'))).toBe('DATA_SOURCE_DEAD');
    expect(await codeOf(find('pip:x'))).toBe('DATA_SOURCE_INVALID');
  });

  test('says when a file is gone before it is read', async () => {
    writeFileSync(join(base, 'a.txt'), 'x');
    const file = await only('file:a.txt');
    rmSync(join(base, 'a.txt'));
    expect(await codeOf(all(files.read(file, { signal })))).toBe('DATA_FILE_INVALID');
  });
});

describe('Parquet', () => {
  const rows = (name: string, columns: string[] | null): Promise<DataRow[]> =>
    only(`file:${name}`).then((file) => all(files.rows(file, { columns, signal })));

  test.each(['SNAPPY', 'GZIP', 'ZSTD', 'BROTLI', 'UNCOMPRESSED'] as const)(
    'is read, packed by %s',
    async (codec) => {
      const { gzipSync, zstdCompressSync, brotliCompressSync } = await import('node:zlib');
      const text = Array.from({ length: 3000 }, (_, at) => `row ${at} ${'x'.repeat(at % 50)}`);
      const columnData = [
        { name: 'text', data: text, type: 'STRING' as const },
        { name: 'n', data: text.map((_, at) => BigInt(at)), type: 'INT64' as const },
      ];
      const compressors = { GZIP: gzipSync, ZSTD: zstdCompressSync, BROTLI: brotliCompressSync };
      writeFileSync(
        join(base, 'a.parquet'),
        Buffer.from(parquetWriteBuffer({ columnData, codec, compressors, rowGroupSize: 1000 })),
      );
      const read = await rows('a.parquet', ['text']);
      expect(read).toEqual(text.map((each) => ({ text: each })));
      expect((await rows('a.parquet', null))[2999]).toEqual({ text: text[2999], n: 2999n });
    },
  );

  test('has conversations as lists of objects', async () => {
    const messages = [
      [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
    ];
    writeFileSync(
      join(base, 'a.parquet'),
      Buffer.from(parquetWriteBuffer({ columnData: [{ name: 'messages', data: messages, type: 'JSON' }] })),
    );
    expect(await rows('a.parquet', null)).toEqual([{ messages: messages[0] }]);
  });

  test('without a column, cut off, or something else, is refused', async () => {
    const good = Buffer.from(
      parquetWriteBuffer({ columnData: [{ name: 'a', data: ['x'], type: 'STRING' }] }),
    );
    writeFileSync(join(base, 'a.parquet'), good);
    expect(await codeOf(rows('a.parquet', ['text']))).toBe('DATA_COLUMNS_MISSING');
    for (let end = 0; end < good.length; end += 7) {
      writeFileSync(join(base, 'b.parquet'), good.subarray(0, end));
      expect(await codeOf(rows('b.parquet', null))).toBe('DATA_FILE_INVALID');
    }
    writeFileSync(join(base, 'c.parquet'), 'PAR1 not really PAR1');
    expect(await codeOf(rows('c.parquet', null))).toBe('DATA_FILE_INVALID');
  });
});

describe('PDF', () => {
  const pages = (name: string): Promise<string[]> =>
    only(`file:${name}`).then((file) => all(files.pages(file, { signal })));

  test('gives the text of its pages', async () => {
    writeFileSync(join(base, 'a.pdf'), pdfOf(['First page.', 'Second page.']));
    expect(await pages('a.pdf')).toEqual(['First page.', 'Second page.']);
  });
  test('that is none is refused', async () => {
    writeFileSync(join(base, 'a.pdf'), 'not a pdf');
    expect(await codeOf(pages('a.pdf'))).toBe('DATA_FILE_INVALID');
  });
  test('is left at once when nobody waits any more', async () => {
    writeFileSync(join(base, 'a.pdf'), pdfOf(['First page.', 'Second page.']));
    const file = await only('file:a.pdf');
    const stop = new AbortController();
    const reading = files.pages(file, { signal: stop.signal })[Symbol.asyncIterator]();
    await reading.next();
    stop.abort(new TypeError('stopped'));
    await expect(reading.next()).rejects.toThrow('stopped');
  });
});
