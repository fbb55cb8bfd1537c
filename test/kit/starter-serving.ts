/** Serving over real workers with the starter model: what a node has behind its gateway. */
import { randomBytes } from 'node:crypto';
import { jsonObjectGrammar, jsonSchemaToGbnf } from '@filon/core/schema/json-schema-to-gbnf';
import type { LoadedModel } from '@filon/core/serving/session';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { openWorkerEngine, type WorkerEngine } from '@filon/node/adapters/worker/engine';
import { DEFAULT_SERVING, type ServingConfig } from '@filon/node/serve/config';
import { type OpenServing, openServing } from '@filon/node/serve/pipeline';
import { createFixedModels } from './fixed-models.ts';
import { starterModel } from './starter-model.ts';
import { ENGINE_CONFIG } from './worker-engine.ts';

export interface StarterServing extends AsyncDisposable {
  engine: WorkerEngine;
  serving: OpenServing;
  /** `kill -9` of the worker that computes now. */
  kill(): void;
  /** A worker with the model and nothing in its cache. */
  restart(): Promise<LoadedModel>;
}

/** Long enough for what the tests put into a session; the whole proof takes minutes and is `filon certify`'s. */
const CACHE_TOKENS = [256];
const CERTIFY_TIMEOUT_MS = 600_000;
const RESTART_TIMEOUT_MS = 60_000;

export async function openStarterServing(config: Partial<ServingConfig>): Promise<StarterServing> {
  const stored = await starterModel();
  const log = createMemoryLog();
  const engine = await openWorkerEngine(ENGINE_CONFIG, { store: createMemoryStore(), log });
  if (config.mode === 'exact') {
    const file = {
      model: stored.sha256,
      path: stored.path,
      device: null,
      cacheTokens: CACHE_TOKENS,
      measure: false,
    };
    await engine.certify(file, { signal: AbortSignal.timeout(CERTIFY_TIMEOUT_MS) });
  }
  const serving = await openServing(
    { ...DEFAULT_SERVING, ...config },
    {
      engine,
      models: createFixedModels([stored]),
      clock: createSystemClock(),
      log,
      grammars: { json: jsonObjectGrammar(), ofSchema: jsonSchemaToGbnf },
      randomBytes,
    },
  );
  return {
    engine,
    serving,
    kill: () => {
      const pid = engine.status().workers[0]?.pid;
      if (pid == null) throw new RangeError('no worker to kill');
      process.kill(pid, 'SIGKILL');
    },
    restart: async () => {
      const signal = AbortSignal.timeout(RESTART_TIMEOUT_MS);
      const { mode, contextTokens, sessionsMax } = { ...DEFAULT_SERVING, ...config };
      await engine.unload(stored.sha256, { signal });
      const file = { model: stored.sha256, path: stored.path, device: null };
      return await engine.load({ ...file, mode, contextTokens, sessionsMax }, { signal });
    },
    [Symbol.asyncDispose]: async () => {
      await serving[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}
