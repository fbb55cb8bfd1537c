import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileServer } from '../../../../../test/kit/file-server.ts';
import { createSystemClock } from '../local/clock.ts';
import { createDataFetcher } from './fetch-data.ts';

let folder = '';
let server: FileServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'filon-fetch-'));
  server = await FileServer.open();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function fetcher(freeBytes = 10 ** 12) {
  const fetch = createDataFetcher({
    ...{ folder, clock: createSystemClock(), retryDelayMs: 1, hubUrl: server.url('').slice(0, -1) },
    ...{ freeBytes: async () => freeBytes, http: { allowPrivate: true } },
  });
  return {
    web: (path: string) =>
      fetch(
        { text: server.url(path), address: { kind: 'https', url: server.url(path) } },
        { signal, onProgress: () => {} },
      ),
    hub: (path: string) =>
      fetch(
        { text: `hf:o/r/${path}`, address: { kind: 'hf', repo: 'o/r', path } },
        { signal, onProgress: () => {} },
      ),
  };
}

test('a file of the web is fetched once, and goes on where it was cut off', async () => {
  const content = bytes('line\n'.repeat(100_000));
  server.files.set('a.txt', { content, cutAfter: 200_000 });
  const [file] = await fetcher().web('a.txt');
  expect(file?.name).toBe('a.txt');
  expect(readFileSync(file?.path ?? '')).toEqual(Buffer.from(content));
  const asked = server.count('a.txt');
  expect(asked).toBeGreaterThan(2);
  expect(await fetcher().web('a.txt')).toEqual([file]);
  expect(server.count('a.txt')).toBe(asked);
});

test('a file that is not there, and a full disk, are said', async () => {
  await expect(fetcher().web('none.txt')).rejects.toMatchObject({
    details: { code: 'DATA_SOURCE_DEAD', source: server.url('none.txt') },
  });
  server.files.set('a.txt', { content: bytes('x') });
  await expect(fetcher(10).web('a.txt')).rejects.toMatchObject({ details: { code: 'DATA_DISK_FULL' } });
  expect(readdirSync(folder).filter((name) => !/\.(lock|part|part\.json)$/.test(name))).toEqual([]);
});

test('a data set of the hub is all of its data files, or the one that is named', async () => {
  const entry = (path: string): object => ({ type: 'file', path, size: 1, oid: 'x' });
  server.files.set('api/datasets/o/r/tree/main?recursive=true&expand=false', {
    content: bytes(JSON.stringify([entry('README.md'), entry('d/train.jsonl'), entry('x.bin')])),
  });
  server.files.set('datasets/o/r/resolve/main/d/train.jsonl', { content: bytes('{"text":"a"}') });
  const named = await fetcher().hub('d/train.jsonl');
  expect(named.map(({ name, path }) => [name, readFileSync(path, 'utf8')])).toEqual([
    ['d/train.jsonl', '{"text":"a"}'],
  ]);
  const all = await fetcher().hub('');
  expect(all).toEqual(named);
});
