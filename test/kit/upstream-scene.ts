/** Serving with upstreams of this process, over the scripted engine. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import { createMemoryLog, type MemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import {
  createMemoryUpstreams,
  type MemoryEndpoint,
  type MemoryUpstreams,
} from '@filon/node/adapters/memory/upstreams';
import type { Store } from '@filon/node/ports/store';
import type { UpstreamKeys } from '@filon/node/ports/upstreams';
import { DEFAULT_SERVING } from '@filon/node/serve/config';
import type { OpenServing } from '@filon/node/serve/pipeline';
import type { CompleteOptions } from '@filon/node/serve/serving';
import { type NewUpstream, UpstreamPlaces } from '@filon/node/serve/upstream/places';
import { withUpstreams } from '@filon/node/serve/upstream/upstream-serving';
import { SpeedMeter } from '@filon/node/swarm/candidates/speed-meter';
import { openScriptedServing, type ScriptedServingOptions } from './scripted-serving.ts';
import { upstreamRequest } from './upstreams-conformance.ts';

export const FAR = 'far-7b';
export const URL_A = 'http://10.0.0.1:8000/v1';
export const URL_B = 'http://10.0.0.2:8000/v1';
export const FAR_TEXT = 'the lamp lifts the old cart under a deep shaft of copper';

export interface UpstreamScene extends AsyncDisposable {
  serving: OpenServing;
  places: UpstreamPlaces;
  upstreams: MemoryUpstreams;
  clock: ManualClock;
  store: Store;
  keys: Map<string, string>;
  log: MemoryLog;
  add(wanted?: Partial<NewUpstream>): ReturnType<UpstreamPlaces['add']>;
  /** As another start of the node over the same store. */
  again(): UpstreamPlaces;
  ask(request?: Partial<CompletionRequest>, options?: Partial<CompleteOptions>): Promise<Chunk[]>;
}

/** An endpoint that has the model, and says the rest of its one text. */
export function farEndpoint(script: Partial<MemoryEndpoint> = {}): MemoryEndpoint {
  return {
    models: [{ id: FAR, kind: 'vllm', contextTokens: 4096, passedOn: false }],
    answer: ({ request, begun }) => {
      const said = request.prompt.kind === 'text' ? request.prompt.text.replace(/^Once:/, '') : begun;
      return FAR_TEXT.slice(said.length);
    },
    ...script,
  };
}

export async function openUpstreamScene(
  endpoints: Record<string, MemoryEndpoint> = { [URL_A]: farEndpoint() },
  options: Pick<ScriptedServingOptions, 'replicas' | 'stored' | 'answer' | 'rates' | 'inReasoning'> & {
    clock?: ManualClock;
  } = {},
): Promise<UpstreamScene> {
  const { clock = createManualClock({ nowMs: 1_700_000_000_000 }), replicas = null, ...scripts } = options;
  const store = createMemoryStore();
  const log = createMemoryLog();
  const keys = new Map<string, string>();
  const upstreams = createMemoryUpstreams(endpoints);
  const deps = { upstreams, store, log, clock, keys: keysIn(keys), meter: new SpeedMeter({ clock, store }) };
  const places = new UpstreamPlaces(deps);
  const scripted = await openScriptedServing({ clock, ...scripts, ...(replicas && { replicas }) });
  let drawn = 0;
  const randomBytes = (count: number): Uint8Array => {
    drawn += 1;
    return new Uint8Array(count).fill(drawn);
  };
  const serving = withUpstreams(DEFAULT_SERVING, {
    ...{ serving: scripted.serving, places, replicas, clock, randomBytes },
  });
  const signal = AbortSignal.timeout(20_000);
  return {
    ...{ serving, places, upstreams, clock, store, keys, log },
    add: (wanted = {}) =>
      places.add(
        {
          url: URL_A,
          model: FAR,
          name: null,
          key: null,
          fingerprint: null,
          tier: null,
          serves: null,
          sessionsMax: null,
          ...wanted,
        },
        { signal },
      ),
    again: () => new UpstreamPlaces(deps),
    ask: async (request = {}, options = {}) => {
      const answer = await serving.complete(
        { ...upstreamRequest(FAR).request, model: FAR, ...request },
        { signal, ...options },
      );
      return await Array.fromAsync(answer.chunks);
    },
    [Symbol.asyncDispose]: async () => {
      places[Symbol.dispose]();
      await passing(clock, Promise.resolve(serving[Symbol.asyncDispose]()));
    },
  };
}

/** Lets the clock pass until the work is done. */
export async function passing<T>(clock: ManualClock, work: Promise<T>, stepMs = 500): Promise<T> {
  let done = false;
  const noted = work.finally(() => {
    done = true;
  });
  noted.catch(() => undefined);
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!done) clock.advance(stepMs);
  }
  return await noted;
}

function keysIn(map: Map<string, string>): UpstreamKeys {
  return {
    get: (id) => map.get(id) ?? null,
    put: (id, key) => void map.set(id, key),
    delete: (id) => void map.delete(id),
  };
}
