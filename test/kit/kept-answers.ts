/** Kept answers over the scripted engine, in lives that end as processes do: nothing is written any more. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { createManualClock, type ManualClock } from '@filon/node/adapters/memory/clock';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import type { Store } from '@filon/node/ports/store';
import type { IndexedChunk, StartOptions } from '@filon/node/serve/durable/durable-answers';
import { DEFAULT_DURABLE_LIMITS, type DurableLimits } from '@filon/node/serve/durable/limits';
import { type OpenDurableAnswers, openDurableAnswers } from '@filon/node/serve/durable/open-durable-answers';
import {
  chatRequest,
  createGate,
  type Gate,
  never,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from './scripted-serving.ts';

export interface KeptLife extends ScriptedServing {
  answers: OpenDurableAnswers;
  store: Store;
  clock: ManualClock;
  /** As `kill -9` of the node: from this moment on nothing of this life reaches the store. */
  kill(): void;
  /** From this moment on the disk is full. */
  fill(): void;
}

export interface KeptOptions extends Omit<ScriptedServingOptions, 'clock'> {
  /** What an earlier life left. */
  store?: Store;
  clock?: ManualClock;
  limits?: Partial<DurableLimits>;
}

export async function openKeptLife(options: KeptOptions = {}): Promise<KeptLife> {
  const { store = createMemoryStore(), clock = createManualClock(), limits = {}, ...rest } = options;
  const scripted = await openScriptedServing({ ...rest, clock });
  const cut: Cut = { error: null };
  const answers = await openDurableAnswers(
    { ...DEFAULT_DURABLE_LIMITS, ...limits },
    {
      ...{ clock, log: scripted.log, store: cuttable(store, cut) },
      serving: () => scripted.serving,
      readiness: () => scripted.serving.readiness(),
    },
  );
  const kill = (): void => {
    cut.error = new RangeError('this process is dead');
    scripted.engine.kill();
    void answers[Symbol.asyncDispose]();
  };
  const fill = (): void => {
    cut.error = new FilonError({ code: 'STORE_FULL' }, 'the disk is full');
  };
  return { ...scripted, answers, store, clock, kill, fill };
}

/** Of a thousand tokens. */
export const ENDLESS: CompletionRequest = chatRequest('ore', { ignoreEos: true, maxTokens: 1000 });

/** In the background unless told otherwise. */
export const LOCAL: Omit<StartOptions, 'id'> = {
  owner: 'local',
  note: null,
  keep: true,
  background: true,
  signal: never,
};

export async function readFrom(
  { answers }: Pick<KeptLife, 'answers'>,
  id: string,
  after = -1,
): Promise<IndexedChunk[]> {
  return await Array.fromAsync(answers.follow(id, { owner: 'local', after, signal: never }));
}

/** A life whose answers stand still before their eleventh token. */
export async function openStuckLife(options: KeptOptions = {}): Promise<{ life: KeptLife; gate: Gate }> {
  const gate = createGate();
  const life = await openKeptLife({
    ...options,
    beforeToken: ({ generated }) => (generated === 10 ? gate.pass() : nextTurn()),
  });
  return { life, gate };
}

/** That hold a slot. */
export function sessionsOf({ engine }: Pick<KeptLife, 'engine'>): number {
  return engine.status().sessions.reduce((sum, { count }) => sum + count, 0);
}

/** Without pauses and, because a life has a cache of its own, without what came from it. */
export function essence(chunks: readonly Chunk[]): Chunk[] {
  return chunks
    .filter(({ kind }) => kind !== 'pause')
    .map((chunk) =>
      chunk.kind === 'usage' ? { ...chunk, usage: { ...chunk.usage, cachedTokens: 0 } } : chunk,
    );
}

/** Chunks of one choice, in order; the usage belongs to all. */
export function ofChoice(chunks: readonly Chunk[], choice: number): Chunk[] {
  return essence(chunks).filter((chunk) => !('choice' in chunk) || chunk.choice === choice);
}

export async function begin(
  { answers }: Pick<KeptLife, 'answers'>,
  id: string,
  request: CompletionRequest,
): Promise<void> {
  await answers.start(request, { ...LOCAL, id });
}

interface Cut {
  error: Error | null;
}

function cuttable(store: Store, cut: Cut): Store {
  const check = (): void => {
    if (cut.error !== null) throw cut.error;
  };
  return {
    get: (table, key) => store.get(table, key),
    list: (table, range) => store.list(table, range),
    put: (table, key, value) => {
      check();
      store.put(table, key, value);
    },
    delete: (table, key) => {
      check();
      store.delete(table, key);
    },
    deleteRange: (table, range) => {
      check();
      store.deleteRange(table, range);
    },
    transaction: (work, options) => {
      check();
      return store.transaction(work, options);
    },
  };
}
