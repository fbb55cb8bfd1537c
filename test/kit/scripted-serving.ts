/** Serving over the scripted engine, with one small model unless told otherwise, and what tests ask of it. */
import { FilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import { createManualClock } from '@filon/node/adapters/memory/clock';
import {
  createScriptedEngine,
  type ScriptedEngine,
  type ScriptedEngineOptions,
} from '@filon/node/adapters/memory/engine';
import { createMemoryLog, type MemoryLog } from '@filon/node/adapters/memory/log';
import type { Clock } from '@filon/node/ports/clock';
import type { StoredModel } from '@filon/node/ports/models';
import type { Replicas } from '@filon/node/ports/replicas';
import { DEFAULT_SERVING, type ServingConfig } from '@filon/node/serve/config';
import type { MeasuredRates } from '@filon/node/serve/local-seats';
import { type OpenServing, openServing } from '@filon/node/serve/pipeline';
import type { Grammars } from '@filon/node/serve/prepare';
import { createFixedModels, storedModel } from './fixed-models.ts';

export const MODEL = 'scripted-1m';

export interface ScriptedServingOptions extends ScriptedEngineOptions {
  config?: Partial<ServingConfig>;
  clock?: Clock;
  stored?: StoredModel[];
  replicas?: Replicas;
  rates?: MeasuredRates;
}

export interface ScriptedServing {
  serving: OpenServing;
  engine: ScriptedEngine;
  log: MemoryLog;
}

/** A grammar names the schema it was made from; schemas with `not` cannot be honoured. */
export const NAMED_GRAMMARS: Grammars = {
  json: 'json',
  ofSchema: (schema) => {
    const text = JSON.stringify(schema);
    if (!text.includes('"not"')) return text;
    throw new FilonError(
      { code: 'SCHEMA_UNSUPPORTED', pointer: '', keyword: 'not' },
      "'not' cannot be honoured",
    );
  },
};

export async function openScriptedServing(options: ScriptedServingOptions = {}): Promise<ScriptedServing> {
  const {
    config = {},
    clock = createManualClock(),
    stored = [storedModel(MODEL)],
    replicas,
    rates,
    ...script
  } = options;
  const engine = createScriptedEngine(script);
  const log = createMemoryLog();
  const models = createFixedModels(stored);
  let drawn = 0;
  const randomBytes = (count: number): Uint8Array => {
    drawn += 1;
    return new Uint8Array(count).map((_, index) => (drawn * 37 + index * 11) & 0xff);
  };
  const deps = {
    engine,
    models,
    clock,
    log,
    grammars: NAMED_GRAMMARS,
    randomBytes,
    replicas: replicas ?? null,
    ...(rates && { rates }),
  };
  const serving = await openServing({ ...DEFAULT_SERVING, ...config }, deps);
  return { serving, engine, log };
}

export function chatRequest(content: string, more: Partial<CompletionRequest> = {}): CompletionRequest {
  return {
    model: MODEL,
    prompt: { kind: 'chat', messages: [{ role: 'user', content }] },
    choices: 1,
    maxTokens: 64,
    sampling: { ...DEFAULT_SAMPLING, seed: 11n },
    stop: [],
    format: { kind: 'text' },
    topLogprobs: null,
    ignoreEos: false,
    ...more,
  };
}

export const never: AbortSignal = new AbortController().signal;

export async function answerOf(
  { serving }: Pick<ScriptedServing, 'serving'>,
  request: CompletionRequest,
  signal: AbortSignal = never,
): Promise<Chunk[]> {
  const answer = await serving.complete(request, { signal });
  return await Array.fromAsync(answer.chunks);
}

export function textOf(chunks: readonly Chunk[], choice = 0): string {
  return chunks
    .map((chunk) => (chunk.kind === 'delta' && chunk.choice === choice ? chunk.text : ''))
    .join('');
}

/** A door that lets nothing through until it is opened, and tells when somebody stands before it. */
export interface Gate {
  readonly waiting: number;
  pass(): Promise<void>;
  open(): void;
  /** Resolves when so many stand before it. */
  crowd(count: number): Promise<void>;
}

export function createGate(): Gate {
  const door = Promise.withResolvers<void>();
  let waiting = 0;
  let watchers: { count: number; tell: () => void }[] = [];
  return {
    get waiting() {
      return waiting;
    },
    pass: async () => {
      waiting += 1;
      for (const { count, tell } of watchers) if (waiting >= count) tell();
      await door.promise;
    },
    open: () => door.resolve(),
    crowd: async (count) => {
      if (waiting >= count) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      watchers = [...watchers, { count, tell: resolve }];
      await promise;
    },
  };
}
