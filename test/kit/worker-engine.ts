/** The real engine on a tiny model of the test's own, certified once a process so that exact mode can be asked for. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadSpec } from '@filon/core/serving/session';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import { tinyModel } from './gguf.ts';

export const ENGINE_CONFIG = {
  libraryDirectories: [],
  // Two test files at a time on two cores: threads that spin for one another would take turns.
  threads: 1,
  probeTimeoutMs: 30_000,
  loadTimeoutMs: 60_000,
  stallMs: 60_000,
} as const;

export interface TinyEngine extends AsyncDisposable {
  engine: WorkerEngine;
  spec: LoadSpec;
  /** `kill -9` of the worker that holds the model. */
  kill(): void;
}

const FILE_NAME = 'tiny.gguf';
const SESSIONS = 3;
const CONTEXT_TOKENS = 512;

let certified: Promise<unknown> | null = null;

/** Found without measuring speeds, which nobody needs here. */
async function certify(engine: WorkerEngine, file: { model: string; path: string }): Promise<unknown> {
  const signal = AbortSignal.timeout(120_000);
  return await engine.certify({ ...file, device: 'cpu', measure: false }, { signal });
}

/** Exact settings of a model file on this machine's CPU, as a home keeps them. */
export async function certificateOf(file: { model: string; path: string }): Promise<unknown> {
  await using engine = await openWorkerEngine(ENGINE_CONFIG, {
    store: createMemoryStore(),
    log: createMemoryLog(),
  });
  return await certify(engine, file);
}

/** A tiny model of random weights, in exact mode where `certify` found settings, which it does on a CPU. */
export async function openTinyEngine(mode: 'fast' | 'exact'): Promise<TinyEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'filon-engine-'));
  const bytes = tinyModel({ contextTokens: CONTEXT_TOKENS * SESSIONS, weights: 'q8_0' });
  const path = join(folder, FILE_NAME);
  await writeFile(path, bytes);
  const model = createHash('sha256').update(bytes).digest('hex');
  const store = createMemoryStore();
  const engine = await openWorkerEngine(ENGINE_CONFIG, { store, log: createMemoryLog() });
  if (mode === 'exact') {
    // The same file on the same machine: one search serves every test of this process.
    certified ??= certify(engine, { model, path });
    store.put('certificates', `${model}/cpu`, await certified);
  }
  return {
    engine,
    spec: { model, path, device: 'cpu', mode, contextTokens: CONTEXT_TOKENS, sessionsMax: SESSIONS },
    kill: () => {
      const pid = engine.status().workers[0]?.pid;
      if (pid == null) throw new RangeError('no worker to kill');
      process.kill(pid, 'SIGKILL');
    },
    [Symbol.asyncDispose]: async () => {
      await engine[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
