import type { DataSource } from '@filon/core/training/data/source';
import { type DropReason, itemText } from '@filon/core/training/item';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryDataFiles, type MemoryFile } from '../../adapters/memory/data-files.ts';
import { type GatheredItem, type GatherOrder, gather, type PersonalPlace } from './gather.ts';

function source(path: string, more: Partial<DataSource> = {}): RecipeSource {
  const name = path.replace(/[^a-z]/gi, '').toLowerCase();
  return { name, source: `file:${path}`, licence: 'CC0-1.0', origin: 'made up', tried: false, ...more };
}

const PLAIN: GatherOrder = {
  sources: [],
  heldOut: null,
  rule: { validationPerMille: 0, heldOutPerMille: 0 },
  nearPerMille: 800,
  personal: null,
  base: '/',
};

async function gathered(files: Record<string, MemoryFile>, order: Partial<GatherOrder>) {
  const items: GatheredItem[] = [];
  const personal: PersonalPlace[] = [];
  const dropped: [DropReason, number][] = [];
  const sources = await gather(
    { ...PLAIN, ...order },
    {
      files: createMemoryDataFiles(files),
      signal: new AbortController().signal,
      onItem: (item) => void items.push(item),
      onPersonal: (place) => personal.push(place),
      onDropped: (reason, { line }) => dropped.push([reason, line]),
      onProgress: () => {},
    },
  );
  return { items, personal, dropped, sources, texts: items.map(({ item }) => itemText(item)) };
}

const failing = async (
  files: Record<string, MemoryFile>,
  more: Partial<DataSource> = {},
): Promise<unknown> => {
  const [path = ''] = Object.keys(files);
  return gathered(files, { sources: [source(path, more)] }).then(
    () => 'no error',
    (error: { details: unknown }) => error.details,
  );
};
const lines = (...values: unknown[]): string => values.map((value) => JSON.stringify(value)).join('\n');
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'));

describe('formats', () => {
  test('text becomes passages with their lines', async () => {
    const paragraph = (word: string): string => `${`${word} `.repeat(900)}\n`;
    const text = `\n${paragraph('alpha')}\n${paragraph('beta')}\r\n${paragraph('gamma')}`;
    const { items, texts } = await gathered(
      { 'a.txt': text },
      { sources: [source('a.txt')], nearPerMille: null },
    );
    expect(items.map(({ line }) => line)).toEqual([2, 4, 6]);
    expect(texts.join(' ').replace(/\s+/g, ' ')).toBe(text.trim().replace(/\s+/g, ' '));
  });

  test('JSONL, CSV with its separator and Parquet rows become the same items', async () => {
    const item = { prompt: 'Where is "it"; now?', completion: 'Here,\nthere.' };
    const csv = '\ufeffprompt;completion\r\n"Where is ""it""; now?";"Here,\nthere."\r\n';
    for (const [path, content] of [
      ['a.jsonl', lines(item)],
      ['a.csv', csv],
      ['a.parquet', { rows: [item] }],
    ] as const) {
      const { items } = await gathered({ [path]: content }, { sources: [source(path)] });
      expect(items.map((each) => each.item)).toEqual([{ kind: 'completion', ...item }]);
    }
  });

  test('named columns are read, a folder is read file by file in order', async () => {
    const files = {
      'd/b.csv': 'q,a\nsecond question,2\n',
      'd/a.csv': 'q,a\nfirst question,1\n',
      'd/c.pdf': { pages: ['third page'] },
    };
    const csv = source('d', { columns: { prompt: 'q', completion: 'a' } });
    const { texts, sources } = await gathered(files, { sources: [csv] });
    expect(texts).toEqual(['first question\n1', 'second question\n2', 'third page']);
    expect(sources[0]?.files.map(({ name, format, kept }) => [name, format, kept])).toEqual([
      ['a.csv', 'csv', 1],
      ['b.csv', 'csv', 1],
      ['c.pdf', 'pdf', 1],
    ]);
  });

  test('rows and FAQs become questions and answers where that is asked for', async () => {
    const files = {
      'shop.csv': 'name,price\nBlue lamp,12\n',
      'faq.txt': 'Do you ship abroad?\nYes, within a week.\n',
    };
    const { items } = await gathered(files, {
      sources: [source('shop.csv', { questions: true }), source('faq.txt', { questions: true })],
    });
    expect(items.map(({ item }) => item.kind === 'completion' && item.completion)).toEqual([
      '12',
      'Yes, within a week.',
    ]);
  });
});

describe('encodings', () => {
  test.each([
    ['UTF-8 with a mark', Buffer.from('\ufeffcafé ñandú'), 'utf-8'],
    ['Windows-1252', latin1('caf\u00e9 \u00f1and\u00fa'), 'windows-1252'],
    ['UTF-16 with a mark', utf16('\ufeffcafé ñandú'), 'utf-16le'],
    ['UTF-16 without one', utf16('café ñandú'), 'utf-16le'],
  ])('%s is seen', async (_, bytes, encoding) => {
    const { texts, sources } = await gathered(
      { 'a.txt': new Uint8Array(bytes) },
      { sources: [source('a.txt')] },
    );
    expect(texts).toEqual(['café ñandú']);
    expect(sources[0]?.files[0]?.encoding).toBe(encoding);
  });

  test('two in one file are refused with the place', async () => {
    const mixed = Buffer.concat([Buffer.from('first: ñandú\nsecond: '), latin1('\u00f1and\u00fa\n')]);
    expect(await failing({ 'a.txt': new Uint8Array(mixed) })).toEqual({
      code: 'DATA_ENCODING',
      file: 'a.txt',
      line: 2,
      offset: 23,
      encoding: 'UTF-8',
    });
    expect(await failing({ 'a.txt': latin1('\u00f1') }, { encoding: 'utf-8' })).toMatchObject({
      code: 'DATA_ENCODING',
    });
    expect(await failing({ 'a.txt': utf16('ab').slice(0, 3) }, { encoding: 'utf-16le' })).toMatchObject({
      code: 'DATA_ENCODING',
    });
  });

  test('any text is read back from UTF-8 and UTF-16, whatever the chunks', async () => {
    const word = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => !/[\p{Cc}\p{Cs}\ufeff]/u.test(text) && text.trim() !== '');
    await fc.assert(
      fc.asyncProperty(word, async (text) => {
        const plain = text.trim();
        const { texts } = await gathered({ 'a.txt': `x ${plain}` }, { sources: [source('a.txt')] });
        expect(texts).toEqual([`x ${plain}`]);
        const wide = await gathered({ 'a.txt': utf16(`\ufeffx ${plain}`) }, { sources: [source('a.txt')] });
        expect(wide.texts).toEqual([`x ${plain}`]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('bad input', () => {
  test('binary rubbish is refused', async () => {
    const rubbish = Uint8Array.from({ length: 5000 }, (_, at) => Math.imul(at, 2654435761) >>> 24);
    expect(await failing({ 'a.jsonl': rubbish })).toMatchObject({
      code: 'DATA_BINARY',
      file: 'a.jsonl',
      line: 1,
      offset: 0,
    });
    expect(
      await failing({ 'a.txt': Uint8Array.from({ length: 500 }, (_, at) => 1 + (at % 8)) }),
    ).toMatchObject({ code: 'DATA_BINARY' });
  });

  test('a line of 100 MB is left out and counted', async () => {
    const long = Buffer.alloc(100_000_000, 0x61);
    const many = Array.from({ length: 20 }, (_, at) => JSON.stringify({ text: `line ${at}` })).join('\n');
    const file = Buffer.concat([
      Buffer.from(`${many}\n"`),
      long,
      Buffer.from(`"\n${lines({ text: 'the end' })}`),
    ]);
    const { texts, dropped } = await gathered(
      { 'a.jsonl': new Uint8Array(file) },
      { sources: [source('a.jsonl')] },
    );
    expect(texts).toHaveLength(21);
    expect(dropped).toEqual([['line-too-long', 21]]);
  });

  test('a row of CSV that never ends is refused', async () => {
    const csv = `text\n"${'a'.repeat(9_000_000)}`;
    expect(await failing({ 'a.csv': csv })).toMatchObject({
      code: 'DATA_FILE_INVALID',
      file: 'a.csv',
      reason: expect.stringContaining('longer than'),
    });
    expect(await failing({ 'a.csv': 'text\nfine\n"open\n' })).toMatchObject({
      code: 'DATA_FILE_INVALID',
      line: 3,
    });
  });

  test('wrong columns are refused before anything is read', async () => {
    expect(await failing({ 'a.csv': 'q,a\n1,2\n' })).toEqual({
      code: 'DATA_COLUMNS_MISSING',
      file: 'a.csv',
      line: 1,
      missing: ['text'],
      found: ['q', 'a'],
    });
    expect(
      await failing({ 'a.csv': 'q,a\n1,2\n' }, { columns: { prompt: 'q', completion: 'b' } }),
    ).toMatchObject({ missing: ['b'] });
    expect(await failing({ 'a.csv': 'q,q\n1,2\n' })).toMatchObject({ code: 'DATA_FILE_INVALID' });
  });

  test('a file that is mostly no items is refused, with the first bad line', async () => {
    const bad = `${lines({ text: 'good' })}\n${'{"text": \n'.repeat(20)}`;
    expect(await failing({ 'a.jsonl': bad })).toEqual({
      code: 'DATA_TOO_MANY_BAD',
      file: 'a.jsonl',
      line: 2,
      bad: 10,
      seen: 11,
      reason: 'json-invalid',
    });
  });

  test.each([
    ['', 'nothing'],
    ['\n \n', 'blank lines'],
    [lines({ text: ' ' }), 'empty texts'],
  ])('%j gives nothing to train on', async (content) => {
    expect(await failing({ 'a.jsonl': content })).toMatchObject({
      code: 'DATA_EMPTY',
      sources: ['file:a.jsonl'],
    });
  });

  test('an ending that tells nothing, and a file that is not there', async () => {
    expect(await failing({ 'a.bin': 'x' })).toEqual({ code: 'DATA_FORMAT_UNKNOWN', file: 'a.bin' });
    await expect(gathered({}, { sources: [source('no.txt')] })).rejects.toMatchObject({
      details: { code: 'DATA_SOURCE_DEAD' },
    });
  });
});

describe('duplicates and splits', () => {
  const story = (end: string): string =>
    `${Array.from({ length: 60 }, (_, at) => `word${at}`).join(' ')} ${end}`;

  test('equal and nearly equal texts are left out, whatever the file', async () => {
    const files = {
      'a.jsonl': lines({ text: story('one') }, { text: ' Hello  WORLD' }),
      'b.jsonl': lines({ text: story('two') }, { text: 'hello world' }, { text: 'other' }),
    };
    const order = { sources: [source('a.jsonl'), source('b.jsonl')] };
    const { texts, sources } = await gathered(files, order);
    expect(texts).toEqual([story('one'), ' Hello  WORLD', 'other']);
    expect(sources[1]?.dropped).toEqual({ 'near-duplicate': 1, duplicate: 1 });
    expect((await gathered(files, { ...order, nearPerMille: null })).texts).toHaveLength(4);
  });

  test('what is held out stays so: equal and near texts leave the rest', async () => {
    const files = {
      'h.jsonl': lines({ text: story('one') }, { text: story('two') }),
      'a.jsonl': lines({ text: story('one') }, { text: story('three') }, { text: 'other' }),
    };
    const { items, sources } = await gathered(files, {
      sources: [source('a.jsonl')],
      heldOut: source('h.jsonl'),
    });
    expect(items.map(({ split }) => split)).toEqual(['held-out', 'held-out', 'train']);
    expect(sources.map(({ use, dropped }) => [use, dropped])).toEqual([
      ['held-out', {}],
      ['data', { 'in-held-out': 1, 'near-held-out': 1 }],
    ]);
  });

  test('no text is in two splits, and where it is does not depend on the order', async () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'D', ' ', 'é'), { minLength: 1, maxLength: 6 })
      .map((parts) => `t ${parts.join(' ')}`);
    const rule = { validationPerMille: 300, heldOutPerMille: 300 };
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 40 }), async (all) => {
        const splitsOf = async (texts: string[]): Promise<Map<string, string>> => {
          const { items } = await gathered(
            { 'a.jsonl': lines(...texts.map((each) => ({ text: each }))) },
            { sources: [source('a.jsonl')], rule, nearPerMille: null },
          );
          expect(new Set(items.map(({ hash }) => Buffer.from(hash).toString('hex'))).size).toBe(items.length);
          return new Map(items.map(({ hash, split }) => [Buffer.from(hash).toString('hex'), split]));
        };
        expect(await splitsOf(all)).toEqual(await splitsOf(all.toReversed()));
      }),
      { numRuns: 40 },
    );
  });
});

test('personal data goes before anything else, and is told by kind and place', async () => {
  const files = {
    'a.csv': 'Nombre,nota\nAna Ruiz,"Ana llamó desde 612 345 678"\n',
    'b.txt': 'hello\n\nwrite to a@b.es',
  };
  const sources = [source('a.csv', { columns: { text: 'nota' } }), source('b.txt')];
  const { texts, personal } = await gathered(files, { sources, personal: { keep: [] } });
  expect(texts).toEqual(['[name] llamó desde [phone]', 'hello\n\nwrite to [email]']);
  expect(personal.map(({ kind, file, line }) => [kind, file, line])).toEqual([
    ['name', 'a.csv', 2],
    ['name', 'a.csv', 2],
    ['phone', 'a.csv', 2],
    ['email', 'b.txt', 1],
  ]);
});
