import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FileBehaviour, FileServer } from '../../../../../test/kit/file-server.ts';
import { tinyModel } from '../../../../../test/kit/gguf.ts';
import { catalogueEntry } from '../../../../../test/kit/models-conformance.ts';
import { createTestStore, realClock } from '../../../../../test/kit/models-means.ts';
import type { Models } from '../../ports/models.ts';
import { HTTP_LIMITS, type HttpLimits } from './http-get.ts';
import { createHttpsSource } from './https-source.ts';
import { openModels } from './open-models.ts';

const WIDE = { embeddingLength: 256, feedForwardLength: 512 };
const MODEL = tinyModel(WIDE);
const SHA256 = createHash('sha256').update(MODEL).digest('hex');
const HALF = Math.floor(MODEL.length / 2);
const signal: AbortSignal = new AbortController().signal;

let home = '';
let server: FileServer;
let models: (Models & AsyncDisposable) | null = null;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'filon-models-'));
  server = await FileServer.open();
});

afterEach(async () => {
  await models?.[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

interface Opening {
  catalogue?: CatalogueEntry[];
  http?: Partial<HttpLimits>;
  freeBytes?: () => Promise<number>;
}

async function open(opening: Opening = {}): Promise<Models> {
  await models?.[Symbol.asyncDispose]();
  const deps = { store: createTestStore(), clock: realClock };
  models = await openModels(
    {
      home,
      catalogue: opening.catalogue ?? [],
      pipEnvironment: {},
      retryDelayMs: 1,
      http: { allowPrivate: true, ...opening.http },
      hubUrl: server.url('').replace(/\/$/, ''),
    },
    opening.freeBytes === undefined ? deps : { ...deps, freeBytes: opening.freeBytes },
  );
  return models;
}

function publish(path: string, behaviour: Partial<FileBehaviour> = {}): string {
  server.files.set(path, { content: MODEL, ...behaviour });
  return server.url(path);
}

function code(wanted: string): unknown {
  return expect.objectContaining({ details: expect.objectContaining({ code: wanted }) });
}

async function partialBytes(): Promise<number> {
  const folder = join(home, 'models', 'partial');
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.part'));
  return name === undefined ? 0 : (await stat(join(folder, name))).size;
}

async function leftovers(): Promise<string[]> {
  const names = await readdir(join(home, 'models'), { recursive: true });
  return names.filter((name) => /^(partial|blobs|manifests)\/./.test(name));
}

test('a connection that is cut again and again goes on where it stopped', async () => {
  const source = publish('m.gguf', { cutAfter: Math.ceil(MODEL.length / 4) });
  const model = await (await open()).pull(source, { signal });
  expect(model.sha256).toBe(SHA256);
  const ranges = server.asked.map(({ range }) => range);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.length).toBeGreaterThanOrEqual(4);
  expect(ranges.slice(1).every((range) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]) > 0)).toBe(true);
});

test('a download goes on after the node was closed and opened', async () => {
  const source = publish('m.gguf', { stallAt: HALF });
  const leaving = new AbortController();
  const first = (await open()).pull(source, { signal: leaving.signal });
  await vi.waitUntil(async () => (await partialBytes()) === HALF);
  leaving.abort(new DOMException('good night', 'AbortError'));
  await expect(first).rejects.toThrow('good night');
  publish('m.gguf');
  const model = await (await open()).pull(source, { signal });
  expect(model.sha256).toBe(SHA256);
  expect(server.asked.at(-1)?.range).toBe(`bytes=${HALF}-`);
});

test('a file that changed meanwhile begins again', async () => {
  const other = tinyModel({ ...WIDE, seed: 5 });
  const source = publish('m.gguf', { content: other, cutAfter: HALF, headers: { 'x-note': 'old' } });
  const limited = { stallMs: 2000 };
  const started = (await open({ http: limited })).pull(source, {
    signal,
    onProgress: ({ doneBytes }) => {
      if (doneBytes > 0) server.files.set('m.gguf', { content: MODEL });
    },
  });
  expect((await started).sha256).toBe(SHA256);
});

test.each<[string, Partial<FileBehaviour>]>([
  ['has no mark of its content', { etag: null }],
  ['has only a weak mark', { etag: 'W/"x"' }],
  ['cannot send parts', { ignoresRange: true }],
])('a server that %s is asked for the whole again', async (_, behaviour) => {
  const source = publish('m.gguf', { ...behaviour, cutAfter: HALF });
  await expect((await open()).pull(source, { signal })).rejects.toEqual(code('MODEL_SOURCE_DEAD'));
  publish('m.gguf', behaviour);
  expect((await (await open()).pull(source, { signal })).sha256).toBe(SHA256);
});

test('when all of the bytes are there, a server that has no more is right', async () => {
  const source = createHttpsSource(
    { text: 'x', url: publish('m.gguf') },
    { ...HTTP_LIMITS, allowPrivate: true },
  );
  const request = {
    offset: MODEL.length,
    expectedBytes: null,
    workFolder: home,
    signal,
    onProgress: () => undefined,
  };
  await using opened = await source.open({ ...request, identity: `"${SHA256}"` });
  expect(opened).toMatchObject({ startOffset: MODEL.length, totalBytes: MODEL.length });
  expect(await Array.fromAsync(opened.body)).toEqual([]);
  expect(server.asked.at(-1)?.range).toBe(`bytes=${MODEL.length}-`);
});

test('a file that became shorter begins again', async () => {
  const source = publish('m.gguf', {
    content: tinyModel({ ...WIDE, layers: 3 }),
    cutAfter: MODEL.length + 10,
  });
  let isFirst = true;
  const pulling = (await open()).pull(source, {
    signal,
    onProgress: () => {
      if (isFirst) server.files.set('m.gguf', { content: MODEL });
      isFirst = false;
    },
  });
  expect((await pulling).sha256).toBe(SHA256);
});

test('a host that sends nothing more is left in time, and what came is kept', async () => {
  const source = publish('m.gguf', { stallAt: HALF });
  const entry = catalogueEntry('m', [source, publish('second.gguf')], SHA256);
  const model = await (await open({ catalogue: [entry], http: { stallMs: 500 } })).pull('m', { signal });
  expect(model.source).toBe(server.url('second.gguf'));
  expect(await partialBytes()).toBe(HALF);
});

test('a host that never answers gives way', async () => {
  const release = server.hold();
  const pulling = (await open({ http: { answerMs: 50 } })).pull(publish('m.gguf'), { signal });
  await expect(pulling).rejects.toThrow(/did not answer in 50 ms/);
  release();
});

test('a host that nobody is at gives way at once', async () => {
  const gone = await FileServer.open();
  const source = gone.url('m.gguf');
  await gone[Symbol.asyncDispose]();
  await expect((await open()).pull(source, { signal })).rejects.toEqual(code('MODEL_SOURCE_DEAD'));
});

test.each([
  [404, 'no such file is there'],
  [403, 'wants a sign-in'],
  [429, 'asked too often'],
  [500, 'HTTP 500'],
])('HTTP %d is told in words', async (status, words) => {
  const path = status === 404 ? 'none.gguf' : 'm.gguf';
  if (status !== 404) server.statuses.set(path, status);
  const pulling = (await open()).pull(server.url(path), { signal });
  await expect(pulling).rejects.toMatchObject({ details: { code: 'MODEL_SOURCE_DEAD', status } });
  await expect((await open()).pull(server.url(path), { signal })).rejects.toThrow(words);
});

test('wrong bytes are dropped to the last one', async () => {
  const entry = catalogueEntry('m', [publish('m.gguf')], '1'.repeat(64));
  const pulling = (await open({ catalogue: [entry] })).pull('m', { signal });
  await expect(pulling).rejects.toMatchObject({
    details: { code: 'MODEL_HASH_MISMATCH', expected: '1'.repeat(64), actual: SHA256 },
  });
  expect(await leftovers()).toEqual([]);
});

test('a model cut off at its source is refused by its header', async () => {
  const source = publish('m.gguf', { content: MODEL.subarray(0, HALF) });
  const pulling = (await open()).pull(source, { signal });
  await expect(pulling).rejects.toEqual(code('GGUF_TRUNCATED'));
  expect(await leftovers()).toEqual([]);
});

test('a full disk is found before anything is fetched, with both figures', async () => {
  const source = publish('m.gguf');
  const reserve = 64 * 2 ** 20;
  const freeBytes = async (): Promise<number> => reserve + 1000;
  const pulling = (await open({ freeBytes })).pull(source, { signal });
  await expect(pulling).rejects.toMatchObject({
    details: { code: 'MODEL_DISK_FULL', neededBytes: MODEL.length + reserve, freeBytes: reserve + 1000 },
  });
  // A second source would need the same room.
  const entry = catalogueEntry('m', [source, publish('second.gguf')], SHA256);
  await expect((await open({ catalogue: [entry], freeBytes })).pull('m', { signal })).rejects.toEqual(
    code('MODEL_DISK_FULL'),
  );
  expect(server.count('second.gguf')).toBe(0);
});

test('a redirect is followed, and one in a circle is not', async () => {
  publish('m.gguf');
  server.redirects.set('old.gguf', '/m.gguf');
  server.redirects.set('round.gguf', server.url('round.gguf'));
  expect((await (await open()).pull(server.url('old.gguf'), { signal })).sha256).toBe(SHA256);
  await expect((await open()).pull(server.url('round.gguf'), { signal })).rejects.toThrow(
    'more than 5 times',
  );
});

test('a redirect into this machine or its network is refused', async () => {
  await using inner = await FileServer.open();
  inner.files.set('m.gguf', { content: MODEL });
  const onlyOuter = { allowPrivate: [new URL(server.url('')).host] };
  const targets = [
    inner.url('m.gguf'),
    'https://192.168.0.1/m.gguf',
    'https://[::1]/m.gguf',
    'file:///etc/passwd',
  ];
  for (const [index, target] of targets.entries()) {
    server.redirects.set(`${index}.gguf`, target);
    const pulling = (await open({ http: onlyOuter })).pull(server.url(`${index}.gguf`), { signal });
    await expect(pulling).rejects.toThrow(/redirects to .*(private address|only https:)/);
  }
  expect(inner.asked).toEqual([]);
});

test('addresses of this machine and its network are refused', async () => {
  publish('m.gguf');
  const strict = { allowPrivate: false };
  const plain = (await open({ http: strict })).pull(server.url('m.gguf'), { signal });
  await expect(plain).rejects.toThrow('only https: is taken');
  for (const host of ['127.0.0.1', '[::1]', '10.1.2.3', '169.254.169.254', 'localhost']) {
    const pulling = (await open({ http: strict })).pull(`https://${host}/m.gguf`, { signal });
    await expect(pulling).rejects.toThrow('private address');
  }
  expect(server.asked).toEqual([]);
});

test('the hub is asked for the file, and its hash is checked', async () => {
  const path = 'owner/repo/resolve/main/sub/m.gguf';
  publish(path, { headers: { 'x-linked-etag': `"${SHA256}"` } });
  const model = await (await open()).pull('hf:owner/repo/sub/m.gguf', { signal });
  expect(model).toMatchObject({ name: 'm', sha256: SHA256 });
  publish(path, { headers: { 'x-linked-etag': `"${'2'.repeat(64)}"` } });
  const lying = (await open()).pull('hf:owner/repo/sub/m.gguf', { signal, repin: true });
  await expect(lying).rejects.toEqual(code('MODEL_HASH_MISMATCH'));
});

test('a download from the hub goes on where it stopped', async () => {
  publish('o/r/resolve/main/m.gguf', { cutAfter: Math.ceil(MODEL.length / 3) });
  const model = await (await open()).pull('hf:o/r/m.gguf', { signal });
  expect(model.sha256).toBe(SHA256);
});

test('a file that the hub does not have is said so', async () => {
  await expect((await open()).pull('hf:o/r/none.gguf', { signal })).rejects.toThrow('no such file is there');
});

test('a file on this machine is copied, and taken again when it changed', async () => {
  const path = join(home, 'my model.gguf');
  await writeFile(path, MODEL);
  const first = await (await open()).pull(`file:${path}`, { signal });
  expect(first).toMatchObject({ name: 'my-model', sha256: SHA256 });
  await writeFile(path, tinyModel({ seed: 6 }));
  const here = await open();
  const second = await here.pull(`file:${path}`, { signal });
  expect(second.sha256).not.toBe(SHA256);
  expect(await here.list()).toEqual([second]);
  expect((await leftovers()).filter((name) => name.startsWith('blobs/'))).toEqual([`blobs/${second.sha256}`]);
  await expect(here.pull(`file:${home}`, { signal })).rejects.toThrow('not a file');
});
