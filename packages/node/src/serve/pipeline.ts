/** Serving: admit -> prepare -> route -> run. The only module that knows all the stages. */
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';
import type { Engine, Progress, Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { Models, StoredModel } from '../ports/models.ts';
import { Admission } from './admit.ts';
import { AnswerStream } from './answer-stream.ts';
import { Attempts, withAttempts } from './attempts.ts';
import { answerChoices } from './choices.ts';
import type { ServingConfig } from './config.ts';
import { continued } from './continued.ts';
import { type Embedded, embedInputs } from './embed.ts';
import { CANCEL_GRACE_MS, EMBED_TIMEOUT_MS, TOKENIZE_TIMEOUT_MS } from './limits.ts';
import { type Grammars, grammarOf, type Prepared, prepare, promptTokens } from './prepare.ts';
import { readinessOf } from './readiness.ts';
import { type Hold, Residency } from './residency.ts';
import { route } from './route.ts';
import { runSession } from './run.ts';
import { type Scope, Scopes } from './scope.ts';
import type {
  Answer,
  CompleteOptions,
  CountedPrompt,
  Serving,
  ServingControl,
  ServingStats,
} from './serving.ts';
import { sessionRequest } from './session-request.ts';
import { type Presence, Suspects, type Suspicious } from './suspects.ts';
import { TakenApart } from './taken-apart.ts';
import { withTimeout } from './timeout.ts';
import { callIds, checkOffer } from './tools.ts';

export interface ServingDeps {
  engine: Engine;
  models: Models;
  clock: Clock;
  log: Log;
  grammars: Grammars;
  /** Seeds and ids are made from it. */
  randomBytes: (count: number) => Uint8Array;
}

export type OpenServing = Serving & ServingControl & AsyncDisposable;

/** Disposing of it lets running answers finish within `stopMs`, then ends them with SERVE_STOPPING. */
export async function openServing(config: ServingConfig, deps: ServingDeps): Promise<OpenServing> {
  return new Pipeline(config, deps);
}

/** A request that has a slot. */
interface Admitted {
  stored: StoredModel;
  hold: Hold;
  presence: Presence;
  scope: Scope;
  /** Sessions that it may run together. */
  together: number;
}

class Pipeline implements OpenServing {
  readonly #config: ServingConfig;
  readonly #deps: ServingDeps;
  readonly #admission: Admission;
  readonly #residency: Residency;
  readonly #suspects: Suspects;
  readonly #scopes = new Scopes();
  #resumed = 0;

  constructor(config: ServingConfig, deps: ServingDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#admission = new Admission({ ...config, clock: deps.clock, slots: config.sessionsMax });
    this.#suspects = new Suspects(deps.clock);
    this.#residency = new Residency({ ...config, ...deps, specOf: (stored) => specOf(stored, config) });
  }

  async complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer> {
    const { signal, resume } = options;
    const { engine, clock, grammars } = this.#deps;
    checkOffer(request);
    const grammar = grammarOf(request.format, grammars);
    const stored = await this.#find(resume?.start.model ?? request.model);
    const presence = this.#suspects.enter(request);
    const scope = this.#scopes.enter(signal);
    try {
      const admitted = await this.#admit({ stored, presence, scope }, request.choices);
      const timing = { clock, signal: scope.signal, timeoutMs: TOKENIZE_TIMEOUT_MS, what: 'tokenizing' };
      const made = await this.#attempt(admitted, (loaded) =>
        withTimeout((within) => prepare(request, loaded, { engine, grammar, signal: within }), timing),
      );
      return this.#answer({ request, options }, admitted, made);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  async embed(...[request, { signal, onBegun }]: Parameters<Serving['embed']>): Promise<EmbedAnswer> {
    const { engine, clock } = this.#deps;
    const stored = await this.#find(request.model);
    const text = JSON.stringify(request.inputs);
    const suspicious = {
      model: request.model,
      prompt: { kind: 'text', text },
      format: { kind: 'text' },
    } as const;
    const presence = this.#suspects.enter({ ...suspicious, stop: [] });
    const scope = this.#scopes.enter(signal);
    const timing = { clock, signal: scope.signal, timeoutMs: EMBED_TIMEOUT_MS, what: 'embedding' };
    try {
      const admitted = await this.#admit({ stored, presence, scope }, 1);
      const embedded = await this.#attempt(admitted, (loaded) =>
        embedInputs(request.inputs, {
          tokenize: (input) =>
            withTimeout((within) => promptTokens(input, loaded, { engine, signal: within }), timing),
          embed: (texts) => {
            onBegun?.();
            return withTimeout((within) => engine.embed(loaded.model, texts, { signal: within }), timing);
          },
        }),
      );
      return { model: stored.name, ...embedded };
    } finally {
      scope.close();
    }
  }

  async countTokens(
    { model, prompt }: { model: string; prompt: CountedPrompt },
    { signal }: Waiting,
  ): Promise<number> {
    const { engine, clock } = this.#deps;
    const asked: Suspicious = { model, prompt, format: { kind: 'text' }, stop: [] };
    checkOffer(asked);
    const stored = await this.#find(model);
    const presence = this.#suspects.enter(asked);
    const scope = this.#scopes.enter(signal);
    const timing = { clock, signal: scope.signal, timeoutMs: TOKENIZE_TIMEOUT_MS, what: 'tokenizing' };
    try {
      const hold = scope.use(this.#residency.hold(stored));
      const { tokens } = await this.#attempt({ hold, presence, scope }, (loaded) =>
        withTimeout((within) => engine.tokenize(loaded.model, prompt, { signal: within }), timing),
      );
      return tokens.length;
    } finally {
      scope.close();
    }
  }

  async models(): Promise<StoredModel[]> {
    return await this.#deps.models.list();
  }

  async readiness(): Promise<{ ready: boolean; reason: string }> {
    return readinessOf({
      stopping: this.#scopes.stopping,
      status: this.#deps.engine.status(),
      stored: await this.#deps.models.list(),
      isProven: (sha256) => this.#residency.isProven(sha256),
    });
  }

  stats(): ServingStats {
    const { workers, loaded, counters } = this.#deps.engine.status();
    return {
      ...this.#admission.stats(),
      ...counters,
      resumed: this.#resumed,
      quarantined: this.#suspects.quarantined,
      workerDeaths: workers.reduce((sum, { deaths }) => sum + deaths, 0),
      loaded: loaded.map(({ model }) => this.#residency.nameOf(model)),
    };
  }

  async load(model: string, options: Waiting & Progress): Promise<LoadedModel> {
    const stored = await this.#find(model);
    const { signal, ...progress } = options;
    using hold = this.#residency.hold(stored, progress);
    return await this.#ready(hold, signal);
  }

  async unload(model: string, options: Waiting): Promise<void> {
    const stored = await this.#find(model);
    if (await this.#residency.unload(stored.sha256, options)) return;
    const message = `${stored.name} is answering; stop it again when its answers are finished`;
    throw new FilonError({ code: 'SERVE_MODEL_IN_USE', model: stored.name }, message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = this.#scopes.stop();
    this.#admission.refuseWaiting(reason);
    await this.#idleWithin(this.#config.stopMs);
    this.#scopes.abandonAll(reason);
    await this.#idleWithin(CANCEL_GRACE_MS);
    this.#residency.close(reason);
  }

  /** Codes: SERVE_MODEL_UNKNOWN. */
  async #find(model: string): Promise<StoredModel> {
    const stored = await this.#deps.models.find(model);
    if (stored) return stored;
    const message = `there is no model '${model}' on this node; filon ls lists what there is`;
    throw new FilonError({ code: 'SERVE_MODEL_UNKNOWN', model }, message);
  }

  async #admit(entered: Omit<Admitted, 'hold' | 'together'>, sessions: number): Promise<Admitted> {
    const { stored, scope } = entered;
    const ticket = await this.#admission.admit(stored.sha256, scope);
    scope.use({ [Symbol.dispose]: ticket.release });
    const hold = scope.use(this.#residency.hold(stored));
    ticket.grow(sessions - 1);
    return { ...entered, hold, together: ticket.slots };
  }

  async #ready(hold: Hold, signal: AbortSignal): Promise<LoadedModel> {
    const loaded = await hold.ready(signal);
    this.#admission.resize(loaded.model, loaded.sessionsMax);
    return loaded;
  }

  async #attempt<T>(
    { hold, presence, scope }: Pick<Admitted, 'hold' | 'presence' | 'scope'>,
    work: (loaded: LoadedModel) => Promise<T>,
  ): Promise<T> {
    const ready = (signal: AbortSignal): Promise<LoadedModel> => this.#ready(hold, signal);
    return await withAttempts({ ready, work }, new Attempts(presence, this.#deps.clock), scope.signal);
  }

  #answer(
    { request, options }: { request: CompletionRequest; options: CompleteOptions },
    admitted: Admitted,
    made: Prepared,
  ): Answer {
    const { stored, hold, presence, scope, together } = admitted;
    const { engine, clock, randomBytes } = this.#deps;
    const id = Buffer.from(randomBytes(15)).toString('base64url');
    const drawn = request.sampling.seed ?? Buffer.from(randomBytes(8)).readBigUInt64LE();
    const { resume, recorder, scope: reuseScope = '' } = options;
    const { tokens, maxTokens, seed } = resume?.start ?? { ...made, seed: drawn };
    const plan = route(stored.sha256, engine.status().loaded);
    const session = { ...made, id, plan, tokens, maxTokens, seed, scope: reuseScope };
    recorder?.begun({ model: stored.sha256, tokens, maxTokens, seed });
    const ready = (signal: AbortSignal): Promise<LoadedModel> => this.#ready(hold, signal);
    const onResume = (): void => {
      this.#resumed += 1;
    };
    const promptTokens = tokens.length;
    const usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    const { reading } = made;
    const callId = callIds({ model: stored.sha256, tokens, seed });
    const chunks = answerChoices({
      choices: request.choices,
      together,
      usage,
      signal: scope.signal,
      ...(reading && { apart: (choice) => new TakenApart({ reading, choice, usage, callId }) }),
      open: (choice, signal) => {
        const deps = { engine, clock, ready, onResume, attempts: new Attempts(presence, clock) };
        return continued(sessionRequest(request, session, choice), {
          known: resume?.events[choice] ?? [],
          run: (start) => runSession(start, deps, signal),
          record: (event) => recorder?.event(choice, event),
        });
      },
    });
    const createdMs = clock.nowMs();
    return { id, model: stored.name, createdMs, usage, chunks: new AnswerStream(chunks, scope) };
  }

  async #idleWithin(timeoutMs: number): Promise<void> {
    const { clock } = this.#deps;
    const over = new AbortController();
    const time = clock.sleep(timeoutMs, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.#scopes.idle(), time]);
    over.abort();
  }
}

type EmbedAnswer = Embedded & { model: string };

function specOf(stored: StoredModel, config: ServingConfig): Parameters<Engine['load']>[0] {
  const { mode, device, sessionsMax } = config;
  const contextTokens = Math.min(config.contextTokens, stored.trainedContextTokens);
  return { model: stored.sha256, path: stored.path, device, mode, contextTokens, sessionsMax };
}
