/**
 * A scripted engine: sessions, slots, a prefix cache, a worker that dies when told to; only the model is made up. Its
 * answers are a function of (tokens, seed), so a session resumed at any position goes on as if nothing had happened.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dialect } from '@filon/core/dialect/dialect';
import { FilonError } from '@filon/core/errors';
import type {
  Device,
  LoadedModel,
  LoadSpec,
  SessionEvent,
  SessionRequest,
  TokenizedPrompt,
} from '@filon/core/serving/session';
import type { Engine, EngineStatus, Progress, Waiting } from '../../ports/engine.ts';
import { embeddingOf } from './scripted-answer.ts';
import { runScriptedSession, type ScriptedStep, type ScriptedWorker } from './scripted-session.ts';
import { chatTokens, START_TOKEN, tokensOf, VOCAB_TOKENS } from './scripted-vocabulary.ts';

export interface ScriptedEngine extends Engine {
  /** Ends the worker process: its sessions fail, what was loaded and cached is gone. */
  kill(): void;
}

export interface ScriptedEngineOptions {
  /** Waited for before each token; the default lets the event loop turn once. */
  beforeToken?: (step: ScriptedStep) => Promise<void> | void;
  /** Waited for while a model loads. */
  beforeLoad?: (spec: LoadSpec) => Promise<void> | void;
  /** The worker dies instead of computing a token for which this is true. */
  diesAt?: (step: ScriptedStep) => boolean;
  /** The whole answer to a prompt, instead of a made-up one. `text` is the prompt without its marks. */
  answer?: (question: { text: string; grammar: string | null }) => string | undefined;
  /** How its answers are to be read; the default has no thoughts and no template that knows tools. */
  dialect?: Dialect;
  /** Every chat's prompt ends at the beginning of a thought. */
  inReasoning?: boolean;
}

const PLAIN_DIALECT: Dialect = {
  toolFormat: 'json',
  rendersTools: false,
  reasoning: null,
  thinkingSwitch: false,
  systemRole: true,
};

const DEVICE: Device = {
  id: 'scripted-0',
  backend: 'cpu',
  name: 'Scripted device',
  memoryBytes: 2 ** 34,
  freeBytes: 2 ** 33,
};
const TRAINED_CONTEXT_TOKENS = 8192;
const EMBEDDING_LENGTH = 64;

export function createScriptedEngine(options: ScriptedEngineOptions = {}): ScriptedEngine {
  return new MemoryEngine(options);
}

class MemoryEngine implements ScriptedEngine {
  readonly #options: ScriptedEngineOptions;
  readonly #counters = { generatedTokens: 0, promptTokens: 0, cachedTokens: 0, cancelled: 0 };
  #deaths = 0;
  #worker: ScriptedWorker = newWorker();

  constructor(options: ScriptedEngineOptions) {
    this.#options = options;
  }

  async devices(options: Waiting): Promise<readonly Device[]> {
    options.signal.throwIfAborted();
    return [DEVICE];
  }

  async load(spec: LoadSpec, options: Waiting & Progress): Promise<LoadedModel> {
    options.signal.throwIfAborted();
    const there = this.#worker.loaded.get(spec.model);
    if (there) return there;
    const worker = this.#worker;
    await this.#options.beforeLoad?.(spec);
    options.signal.throwIfAborted();
    worker.life.signal.throwIfAborted();
    options.onProgress?.(1);
    const model = describe(spec, this.#options.dialect ?? PLAIN_DIALECT);
    worker.loaded.set(spec.model, model);
    return model;
  }

  async unload(model: string): Promise<void> {
    this.#worker.loaded.delete(model);
  }

  async tokenize(
    model: string,
    prompt: Parameters<Engine['tokenize']>[1],
    options: Waiting,
  ): Promise<TokenizedPrompt> {
    options.signal.throwIfAborted();
    this.#loaded(model);
    if (prompt.kind === 'text') {
      return { tokens: Int32Array.of(START_TOKEN, ...tokensOf(prompt.text)), inReasoning: false };
    }
    const { inReasoning = false } = this.#options;
    return { tokens: Int32Array.from(chatTokens(prompt.messages)), inReasoning };
  }

  async *open(request: SessionRequest, options: Waiting): AsyncGenerator<SessionEvent> {
    const worker = this.#worker;
    this.#admit(request, this.#loaded(request.model));
    worker.sessions.set(request.session, request.model);
    let ended = false;
    try {
      const { beforeToken = () => nextTurn(), diesAt, answer } = this.#options;
      const hooks = { beforeToken, diesAt: diesAt ?? (() => false), answer, kill: () => this.kill() };
      const scene = { worker, counters: this.#counters, hooks, contextTokens: this.#context(request.model) };
      yield* runScriptedSession(request, scene, options.signal);
      ended = true;
    } finally {
      worker.sessions.delete(request.session);
      if (!ended && !worker.life.signal.aborted) this.#counters.cancelled += 1;
    }
  }

  async embed(model: string, texts: readonly Int32Array[], options: Waiting): Promise<Float32Array[]> {
    this.#loaded(model);
    await nextTurn();
    options.signal.throwIfAborted();
    return texts.map((tokens) => embeddingOf(tokens, EMBEDDING_LENGTH));
  }

  status(): EngineStatus {
    const { loaded, sessions } = this.#worker;
    const models = [...loaded.values()];
    return {
      workers: [{ device: DEVICE.id, state: 'up', pid: 1 + this.#deaths, deaths: this.#deaths }],
      loaded: models,
      sessions: models.map(({ model }) => ({ model, count: countOf(sessions, model) })),
      counters: { ...this.#counters },
    };
  }

  kill(): void {
    const dead = this.#worker;
    this.#deaths += 1;
    this.#worker = newWorker();
    dead.life.abort(
      new FilonError(
        { code: 'ENGINE_WORKER_DIED', device: DEVICE.id, exit: 'SIGKILL', lines: [] },
        `the worker of ${DEVICE.id} was killed; open the session again to go on`,
      ),
    );
  }

  #loaded(model: string): LoadedModel {
    const loaded = this.#worker.loaded.get(model);
    if (loaded) return loaded;
    throw new FilonError(
      { code: 'ENGINE_MODEL_NOT_LOADED', model },
      `no model ${model} is loaded; load it first`,
    );
  }

  #context(model: string): number {
    return this.#loaded(model).contextTokens;
  }

  #admit(request: SessionRequest, loaded: LoadedModel): void {
    const { model, session, tokens } = request;
    const { contextTokens, sessionsMax, vocabTokens } = loaded;
    const { sessions } = this.#worker;
    if (sessions.has(session)) {
      throw new FilonError({ code: 'ENGINE_SESSION_BUSY', session }, `session ${session} is already open`);
    }
    if (countOf(sessions, model) >= sessionsMax) {
      throw new FilonError(
        { code: 'ENGINE_SLOTS_FULL', model, sessionsMax },
        `all ${sessionsMax} slots are taken`,
      );
    }
    if (tokens.length >= contextTokens) {
      const details = { code: 'ENGINE_CONTEXT_EXCEEDED', tokens: tokens.length, contextTokens };
      throw new FilonError(details, `${tokens.length} tokens do not fit into a context of ${contextTokens}`);
    }
    const bad = tokens.find((token) => token < 0 || token >= vocabTokens);
    if (bad !== undefined) {
      throw new FilonError({ code: 'ENGINE_TOKEN_INVALID', token: bad, vocabTokens }, `no token ${bad}`);
    }
  }
}

function newWorker(): ScriptedWorker {
  return { life: new AbortController(), loaded: new Map(), sessions: new Map(), prefixes: [] };
}

function countOf(sessions: ReadonlyMap<string, string>, model: string): number {
  return [...sessions.values()].filter((of) => of === model).length;
}

function describe(spec: LoadSpec, dialect: Dialect): LoadedModel {
  return {
    model: spec.model,
    mode: spec.mode,
    device: DEVICE.id,
    architecture: 'scripted',
    vocabTokens: VOCAB_TOKENS,
    contextTokens: Math.min(spec.contextTokens, TRAINED_CONTEXT_TOKENS),
    trainedContextTokens: TRAINED_CONTEXT_TOKENS,
    sessionsMax: spec.sessionsMax,
    embeddingLength: EMBEDDING_LENGTH,
    dialect,
    bytes: 1_000_000,
    numericClass: spec.mode === 'exact' ? 'scripted' : null,
  };
}
