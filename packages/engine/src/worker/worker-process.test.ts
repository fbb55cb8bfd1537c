import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadedModel, SessionRequest, SessionSign } from '@filon/core/serving/session';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tinyModel } from '../../../../test/kit/gguf.ts';
import { findLibraryDirectory } from '../ffi/library-directory.ts';
import { EXACT_CANDIDATES, FAST_SETTINGS } from '../stage/settings.ts';
import { createDeviceWorker, type DeviceWorker } from './device-worker.ts';
import { type CallOptions, startWorkerProcess, type WorkerProcessSpec } from './worker-process.ts';

const signal = new AbortController().signal;
const SPEC: WorkerProcessSpec = {
  libraryDirectory: findLibraryDirectory([]),
  device: 'cpu',
  backend: 'cpu',
  threads: 1,
  stallMs: 60_000,
  startTimeoutMs: 30_000,
};
const CALL = { signal, timeoutMs: 30_000 };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-worker-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a worker process', () => {
  test('a call on one that is dead fails at once, with the death', async () => {
    const worker = await startWorkerProcess(SPEC, { signal });
    process.kill(worker.pid, 'SIGKILL');
    expect(await worker.exited).toMatchObject({ how: 'SIGKILL' });
    // A deadline that would make the test fail by its own: the answer must not wait for it.
    const late = { signal, timeoutMs: 600_000 };
    await expect(worker.call('unload', { model: 'm' }, late)).rejects.toMatchObject({
      code: 'ENGINE_WORKER_DIED',
      details: { exit: 'SIGKILL' },
    });
  });

  test('a call under way fails when the process dies', async () => {
    const worker = await startWorkerProcess(SPEC, { signal });
    const call = worker.call('unload', { model: 'm' }, CALL);
    process.kill(worker.pid, 'SIGKILL');
    await worker.exited;
    // It may have been answered before the kill; it must not hang.
    expect(['answered', 'ENGINE_WORKER_DIED']).toContain(
      await call.then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    );
  });

  test('one that hangs without a session is ended by the first call that it leaves waiting', async () => {
    const worker = await startWorkerProcess(SPEC, { signal });
    process.kill(worker.pid, 'SIGSTOP');
    const request = { model: 'm', prompt: { kind: 'text', text: 'Hello' } } as const;
    const asked = worker.call('tokenize', request, { signal, timeoutMs: 300 });
    await expect(asked).rejects.toMatchObject({ code: 'ENGINE_WORKER_DIED', details: { exit: 'SIGKILL' } });
  });

  test('one that does not come to the end of a load is ended, and it is held against the model', async () => {
    await using worker = createDeviceWorker(SPEC);
    const late = { signal, timeoutMs: 300 };
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      const { pid } = await worker.ready(null, CALL);
      process.kill(pid, 'SIGSTOP');
      await expect(loadInto(worker, 'slow', tinyModel(), late)).rejects.toMatchObject({
        code: 'ENGINE_TIMEOUT',
      });
      await expect.poll(() => worker.deaths).toBe(deaths);
    }
    await expect(loadInto(worker, 'slow', tinyModel())).rejects.toMatchObject({ code: 'ENGINE_MODEL_FATAL' });
  });

  test('the reason of a failure is not lost in a long log', async () => {
    const path = join(folder, 'long.gguf');
    // One line of the log for each of these, in one burst, and the reason at its end.
    const line = { type: 'string', value: 'a line of the log' } as const;
    const many = Array.from({ length: 1_900 }, (_, index) => [`long.key${index}`, line] as const);
    const layers = { 'llama.block_count': { type: 'u32', value: 3 } } as const;
    await writeFile(path, tinyModel({ metadata: { ...layers, ...Object.fromEntries(many) } }));
    await using worker = createDeviceWorker(SPEC);
    await worker.ready(null, CALL);
    const place = { path, device: 'cpu', mode: 'fast', contextTokens: 256, sessionsMax: 1 } as const;
    const request = { spec: { model: 'long', ...place }, settings: FAST_SETTINGS, numericClass: null };
    const loading = worker.load(request, CALL);
    await nextTurn();
    // A node that is busy meanwhile reads nothing of it.
    const busyUntilMs = performance.now() + 500;
    while (performance.now() < busyUntilMs);
    await expect(loading).rejects.toMatchObject({
      code: 'ENGINE_LOAD_FAILED',
      message: expect.stringContaining('blk.2.attn_norm'),
    });
  });

  test('a device that is not there is named by its code', async () => {
    await expect(startWorkerProcess({ ...SPEC, device: 'vulkan:9' }, { signal })).rejects.toMatchObject({
      code: 'ENGINE_DEVICE_UNKNOWN',
      details: { device: 'vulkan:9', known: ['cpu'] },
    });
  });

  test('ends when its channel closes', async () => {
    const worker = await startWorkerProcess(SPEC, { signal });
    await worker.end();
    expect(await worker.exited).toMatchObject({ how: '0' });
  });
});

describe('a supervised worker', () => {
  test('is started on demand, again after a death, and given up after deaths without one answer', async () => {
    await using worker = createDeviceWorker(SPEC);
    expect(worker).toMatchObject({ state: 'idle', pid: null, deaths: 0 });
    for (let deaths = 1; deaths <= 5; deaths += 1) {
      const life = await worker.ready(null, CALL);
      expect(worker.state).toBe('up');
      process.kill(life.pid, 'SIGKILL');
      await life.exited;
      expect(worker.deaths).toBe(deaths);
    }
    expect(worker.state).toBe('crash-loop');
    await expect(worker.ready(null, CALL)).rejects.toMatchObject({
      code: 'ENGINE_CRASH_LOOP',
      details: { deaths: 5 },
    });
  });

  test('gives up a model whose load ends it, and serves the others', async () => {
    await using worker = createDeviceWorker(SPEC);
    const load = (name: string, bytes: Uint8Array): Promise<LoadedModel> => loadInto(worker, name, bytes);
    // Native code aborts on two tokens of one text.
    const texts = { type: 'strings', value: ['a', 'a', 'a'] } as const;
    const fatal = tinyModel({ metadata: { 'tokenizer.ggml.tokens': texts } });
    for (let deaths = 1; deaths <= 3; deaths += 1) {
      await expect(load('fatal', fatal)).rejects.toMatchObject({
        code: 'ENGINE_LOAD_FAILED',
        message: expect.stringMatching(
          /^loading this model ended the worker of cpu \(SIGABRT\).*GGML_ASSERT/,
        ),
        details: { model: 'fatal' },
      });
      expect(worker).toMatchObject({ state: 'idle', deaths });
    }
    await expect(load('fatal', fatal)).rejects.toMatchObject({
      code: 'ENGINE_MODEL_FATAL',
      details: { model: 'fatal', deaths: 3 },
    });
    expect(await load('good', tinyModel())).toMatchObject({ model: 'good' });
    expect(worker).toMatchObject({ state: 'up', deaths: 3 });
  });

  test('a load that is ended from outside is no fault of the file, nor is one in a later life', async () => {
    await using worker = createDeviceWorker(SPEC);
    const { pid } = await worker.ready(null, CALL);
    process.kill(pid, 'SIGSTOP');
    const loading = loadInto(worker, 'killed', tinyModel());
    await nextTurn();
    process.kill(pid, 'SIGKILL');
    await expect(loading).rejects.toMatchObject({ code: 'ENGINE_WORKER_DIED' });
    await loadInto(worker, 'killed', tinyModel());
    process.kill((await worker.ready('killed', CALL)).pid, 'SIGKILL');
    await expect.poll(() => worker.deaths).toBe(2);
    // The file is damaged meanwhile: sessions that wait for the next life try it again.
    const texts = { type: 'strings', value: ['a', 'a', 'a'] } as const;
    await writeFile(join(folder, 'killed'), tinyModel({ metadata: { 'tokenizer.ggml.tokens': texts } }));
    await expect(answer(worker, 'killed')).rejects.toMatchObject({ code: 'ENGINE_WORKER_DIED' });
  });

  test('gives up a model that ends it with every answer, and serves the others', async () => {
    await using worker = createDeviceWorker(SPEC);
    await loadInto(worker, 'fatal', tinyModel());
    await loadInto(worker, 'good', tinyModel({ seed: 2 }));
    for (let deaths = 1; deaths <= 5; deaths += 1) {
      const { pid } = await worker.ready('fatal', CALL);
      // Stopped, so that it cannot have answered before it is killed.
      process.kill(pid, 'SIGSTOP');
      const answering = answer(worker, 'fatal');
      await nextTurn();
      process.kill(pid, 'SIGKILL');
      await expect(answering).rejects.toMatchObject({ code: 'ENGINE_WORKER_DIED' });
      expect(worker).toMatchObject({ state: 'idle', deaths });
    }
    await expect(answer(worker, 'fatal')).rejects.toMatchObject({
      code: 'ENGINE_MODEL_FATAL',
      message: expect.stringContaining('answering with this model alone ended the worker of cpu 5 times'),
      details: { model: 'fatal', deaths: 5 },
    });
    expect(worker.loaded.map(({ model }) => model)).toEqual(['good']);
    expect((await answer(worker, 'good')).at(-1)).toMatchObject({ kind: 'end' });
    await expect(loadInto(worker, 'fatal', tinyModel())).rejects.toMatchObject({
      code: 'ENGINE_MODEL_FATAL',
    });
    expect(worker).toMatchObject({ state: 'up', deaths: 5 });
  });

  test('exact settings that were proved elsewhere are refused', async () => {
    await using worker = createDeviceWorker(SPEC);
    const path = join(folder, 'moved');
    await writeFile(path, tinyModel());
    const place = { path, device: 'cpu', mode: 'exact', contextTokens: 256, sessionsMax: 1 } as const;
    const [settings = FAST_SETTINGS] = EXACT_CANDIDATES;
    const request = { spec: { model: 'moved', ...place }, settings, numericClass: 'cpu-abacus.exact.0' };
    await expect(worker.load(request, CALL)).rejects.toMatchObject({
      code: 'ENGINE_NOT_CERTIFIED',
      message: expect.stringContaining('cpu-abacus.exact.0'),
    });
  });

  test('exact settings are proved for one number of threads, and refused with another', async () => {
    const path = join(folder, 'threads');
    await writeFile(path, tinyModel());
    await using one = createDeviceWorker(SPEC);
    const file = { model: 'threads', path, cacheTokens: [16], measure: false };
    const { settings, numericClass } = await (await one.ready(null, CALL)).call('certify', file, CALL);
    if (settings === null) throw new Error('nothing held');
    const place = { path, device: 'cpu', mode: 'exact', contextTokens: 256, sessionsMax: 1 } as const;
    const request = { spec: { model: 'threads', ...place }, settings, numericClass };
    expect(await one.load(request, CALL)).toMatchObject({ mode: 'exact', numericClass });
    await using two = createDeviceWorker({ ...SPEC, threads: 2 });
    await expect(two.load(request, CALL)).rejects.toMatchObject({
      code: 'ENGINE_NOT_CERTIFIED',
      message: expect.stringContaining('now 2 threads'),
    });
  });

  test('a model that was never loaded is refused by its name', async () => {
    await using worker = createDeviceWorker(SPEC);
    await expect(worker.ready('nothing', CALL)).rejects.toMatchObject({ code: 'ENGINE_MODEL_NOT_LOADED' });
  });
});

async function loadInto(
  worker: DeviceWorker,
  ...[model, bytes, options = CALL]: [model: string, bytes: Uint8Array, options?: CallOptions]
): Promise<LoadedModel> {
  const path = join(folder, model);
  await writeFile(path, bytes);
  const place = { path, device: 'cpu', mode: 'fast', contextTokens: 256, sessionsMax: 1 } as const;
  const request = { spec: { model, ...place }, settings: FAST_SETTINGS, numericClass: null };
  return await worker.load(request, options);
}

async function answer(worker: DeviceWorker, model: string): Promise<SessionSign[]> {
  const request: SessionRequest = {
    session: 'answer',
    model,
    tokens: Int32Array.of(40, 41, 42),
    promptTokens: 3,
    maxTokens: 200,
    sampling: DEFAULT_SAMPLING,
    stop: [],
    grammar: null,
    topLogprobs: null,
    ignoreEos: true,
  };
  return await Array.fromAsync(worker.open(request, CALL));
}
