/** Serving: admit -> prepare -> route -> run. The only module that knows all the stages. */
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { LoadedModel, SessionRequest } from '@filon/core/serving/session';
import { narrowerTier } from '@filon/core/serving/tier';
import type { Clock } from '../ports/clock.ts';
import type { Engine, Progress, Waiting } from '../ports/engine.ts';
import type { Log } from '../ports/log.ts';
import type { Models, StoredModel } from '../ports/models.ts';
import type { GuestSeats, Replicas, SeatAhead, SeatOutcome } from '../ports/replicas.ts';
import { Admission } from './admit.ts';
import { aheadOf } from './ahead.ts';
import { AnswerStream } from './answer-stream.ts';
import { Attempts, withAttempts } from './attempts.ts';
import { answerChoices } from './choices.ts';
import type { ServingConfig } from './config.ts';
import { continued } from './continued.ts';
import { Elsewhere } from './elsewhere.ts';
import { type Embedded, embedInputs } from './embed.ts';
import { FirstTokenTimes } from './first-token-times.ts';
import { openGuestSeats } from './guest-seats.ts';
import { CANCEL_GRACE_MS, EMBED_TIMEOUT_MS, TOKENIZE_TIMEOUT_MS } from './limits.ts';
import { LocalSeats, type MeasuredRates } from './local-seats.ts';
import { filesOf } from './model-files.ts';
import { type Placed, Placing } from './placing.ts';
import { type Grammars, grammarOf, type Prepared, prepare, promptTokens } from './prepare.ts';
import { readinessOf } from './readiness.ts';
import { Residency } from './residency.ts';
import { checkModel, checkResumption, DrawnTokens, eventsOf, startTold } from './resumption.ts';
import { type RunEvent, runSession } from './run.ts';
import { type Scope, Scopes } from './scope.ts';
import { withoutSession } from './seat-outcome.ts';
import type { Seating, Taken } from './seating.ts';
import type {
  Answer,
  AnswerSoFar,
  CompleteOptions,
  ServedModel,
  Serving,
  ServingControl,
  ServingStats,
} from './serving.ts';
import { sessionRequest } from './session-request.ts';
import { sit } from './sitting.ts';
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
  /** Absent or null: this node answers alone. */
  replicas?: Replicas | null;
  /** Absent: nothing is measured, and places are compared without it. */
  rates?: MeasuredRates;
}

export type OpenServing = Serving & ServingControl & AsyncDisposable;

/** Disposing of it lets running answers finish within `stopMs`, then ends them with SERVE_STOPPING. */
export async function openServing(config: ServingConfig, deps: ServingDeps): Promise<OpenServing> {
  return new Pipeline(config, deps);
}

/** A request that was let in: it has no seat yet. */
interface Entered {
  placed: Placed;
  seating: Seating;
  presence: Presence;
  scope: Scope;
}

/** What was settled at its first seat. */
interface Made extends Prepared {
  seed: bigint;
  together: number;
}

class Pipeline implements OpenServing {
  readonly #config: ServingConfig;
  readonly #deps: ServingDeps;
  readonly #admission: Admission;
  readonly #residency: Residency;
  readonly #local: LocalSeats;
  readonly #elsewhere: Elsewhere;
  readonly #placing: Placing;
  readonly #suspects: Suspects;
  readonly #scopes = new Scopes();
  readonly #times = new FirstTokenTimes();
  #resumed = 0;

  constructor(config: ServingConfig, deps: ServingDeps) {
    this.#config = config;
    this.#deps = deps;
    const { clock, replicas = null } = deps;
    this.#admission = new Admission({ ...config, clock, slots: config.sessionsMax });
    this.#suspects = new Suspects(clock);
    this.#residency = new Residency({ ...config, ...deps, specOf: (stored) => specOf(stored, config) });
    const parts = { admission: this.#admission, residency: this.#residency };
    this.#local = new LocalSeats(config, { ...deps, ...parts });
    this.#elsewhere = new Elsewhere({ admission: this.#admission, clock });
    const places = { local: this.#local, elsewhere: this.#elsewhere };
    this.#placing = new Placing(config, { ...deps, replicas, ...places });
  }

  async complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer> {
    const { resume } = options;
    const { clock, grammars } = this.#deps;
    const handed = resume ? undefined : request.resumption;
    checkOffer(request);
    const grammar = grammarOf(request.format, grammars);
    const ahead = resume || handed ? null : aheadOf(request, options.scope ?? '');
    const entered = await this.#enter(request, { ...options, ahead });
    const { scope } = entered;
    try {
      const timing = { clock, signal: scope.signal, timeoutMs: TOKENIZE_TIMEOUT_MS, what: 'tokenizing' };
      const made = await this.#attempt(entered, ({ seat, loaded }) =>
        withTimeout(async (signal): Promise<Made> => {
          const begun = handed ? BigInt(handed.start.seed) : null;
          const known = resume?.start.seed ?? begun ?? request.sampling.seed;
          const [prepared, seed] = await Promise.all([
            prepare(request, loaded, { seat, grammar, signal, begun: options.begun ?? '' }),
            known ?? seat.seed({ signal }),
          ]);
          const made = { ...prepared, loaded };
          const maxTokens = handed ? checkResumption(handed, request, made) : prepared.maxTokens;
          return { ...prepared, maxTokens, seed, together: seat.slots };
        }, timing),
      );
      // Wherever it goes on, it does by its tokens.
      entered.placed.ahead = null;
      return this.#answer({ request, options }, entered, made);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  async embed(...[request, options]: Parameters<Serving['embed']>): Promise<EmbedAnswer> {
    const { clock } = this.#deps;
    const { model, inputs } = request;
    const prompt = { kind: 'text', text: JSON.stringify(inputs) } as const;
    const entered = await this.#enter({ ...PLAIN, model, prompt }, options);
    const { scope, placed } = entered;
    const timing = { clock, signal: scope.signal, timeoutMs: EMBED_TIMEOUT_MS, what: 'embedding' };
    try {
      const embedded = await this.#attempt(entered, ({ seat, loaded }) =>
        embedInputs(inputs, {
          tokenize: (input) =>
            withTimeout((within) => promptTokens(input, loaded, { seat, signal: within }), timing),
          embed: (texts) => {
            options.onBegun?.();
            return withTimeout((within) => seat.embed(texts, { signal: within }), timing);
          },
        }),
      );
      return { model: placed.model.name, ...embedded };
    } finally {
      scope.close();
    }
  }

  async countTokens(...[{ model, prompt }, options]: Parameters<Serving['countTokens']>): Promise<number> {
    const { clock } = this.#deps;
    const asked = { ...PLAIN, model, prompt, choices: 0 };
    checkOffer(asked);
    const ahead = { prompt, needsSeed: false, session: null };
    const entered = await this.#enter(asked, { ...options, ahead });
    const { scope } = entered;
    const timing = { clock, signal: scope.signal, timeoutMs: TOKENIZE_TIMEOUT_MS, what: 'tokenizing' };
    try {
      const { tokens } = await this.#attempt(entered, ({ seat }) =>
        withTimeout((within) => seat.tokenize(prompt, { signal: within }), timing),
      );
      return tokens.length;
    } finally {
      scope.close();
    }
  }

  async models(): Promise<ServedModel[]> {
    return await this.#placing.models();
  }

  async readiness(): Promise<{ ready: boolean; reason: string }> {
    return readinessOf({
      stopping: this.#scopes.stopping,
      status: this.#deps.engine.status(),
      stored: await this.#deps.models.list(),
      isProven: (sha256) => this.#residency.isProven(sha256),
      elsewhere: this.#deps.replicas?.models().length ?? 0,
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
      loaded: loaded.map(({ model }) => this.#residency.storedOf(model)?.name ?? model),
    };
  }

  async load(model: string, options: Waiting & Progress): Promise<LoadedModel> {
    const stored = await this.#stored(model);
    const { signal, ...progress } = options;
    using hold = this.#residency.hold(stored, progress);
    return await this.#local.ready(hold, { signal });
  }

  async unload(model: string, options: Waiting): Promise<void> {
    const stored = await this.#stored(model);
    if (await this.#residency.unload(stored.sha256, options)) return;
    const message = `${stored.name} is answering; stop it again when its answers are finished`;
    throw new FilonError({ code: 'SERVE_MODEL_IN_USE', model: stored.name }, message);
  }

  async explain(...[question, { signal }]: Parameters<ServingControl['explain']>) {
    return await this.#placing.explain(question, signal);
  }

  guests(): GuestSeats {
    const parts = { suspects: this.#suspects, scopes: this.#scopes, residency: this.#residency };
    return openGuestSeats({ ...this.#deps, ...parts, local: this.#local });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = this.#scopes.stop();
    this.#admission.refuseWaiting(reason);
    await this.#scopes.idleWithin(this.#config.stopMs, this.#deps.clock);
    this.#scopes.abandonAll(reason);
    await this.#scopes.idleWithin(CANCEL_GRACE_MS, this.#deps.clock);
    this.#elsewhere[Symbol.dispose]();
    this.#residency.close(reason);
  }

  /** Codes: SERVE_MODEL_UNKNOWN. */
  async #stored(model: string): Promise<StoredModel> {
    const { stored } = await this.#placing.find(model, 'own');
    if (stored) return stored;
    const message = `the model '${model}' is not stored on this node; filon pull brings it`;
    throw new FilonError({ code: 'SERVE_MODEL_UNKNOWN', model }, message);
  }

  /** Codes: SERVE_MODEL_UNKNOWN, SERVE_QUARANTINED, SERVE_STOPPING. */
  async #enter(
    request: Suspicious & Pick<CompletionRequest, 'choices' | 'maxTokens' | 'resumption'>,
    options: Pick<CompleteOptions, 'signal' | 'resume' | 'scope' | 'tier'> & { ahead?: SeatAhead | null },
  ): Promise<Entered> {
    const { resume, ahead = null } = options;
    const earlier = (resume ?? request.resumption)?.start;
    const tier = narrowerTier(options.tier ?? 'own', earlier?.tier ?? 'open');
    const wanted = earlier?.model ?? request.model;
    const model = await this.#placing.find(wanted, tier, { begun: resume !== undefined });
    if (resume === undefined && request.resumption) checkModel(model, request.model);
    const presence = this.#suspects.enter(request);
    const scope = this.#scopes.enter(options.signal);
    const { prompt, maxTokens, choices } = request;
    const begun = begunBefore(request, resume);
    const of = { scope: options.scope ?? '', sessions: choices };
    const placed: Placed = { model, tier, prompt, maxTokens, ahead, begun, ...of };
    const seating = scope.use(this.#placing.seating(placed, scope.signal));
    seating.needs(begun?.contextTokens ?? 0);
    return { placed, seating, presence, scope };
  }

  async #attempt<T>(entered: Entered, work: (taken: Taken) => Promise<T>): Promise<T> {
    const { seating, presence, scope, placed } = entered;
    const failed = (taken: Taken, failure: unknown): void => {
      const { node } = taken.seat;
      const model = placed.model.sha256;
      if (node !== null && !scope.signal.aborted)
        this.#placing.report(withoutSession({ node, model }, failure));
      seating.failed(taken, failure);
    };
    const task = {
      ...{ work, failed },
      enter: (signal: AbortSignal) => seating.enter(signal),
      isElsewhere: (taken: Taken, failure: unknown) => seating.isTooShort(taken, failure),
    };
    return await withAttempts(task, new Attempts(presence, this.#deps.clock), scope.signal);
  }

  #answer(
    { request, options }: { request: CompletionRequest; options: CompleteOptions },
    entered: Entered,
    made: Made,
  ): Answer {
    const { placed, seating, scope } = entered;
    const { clock, randomBytes } = this.#deps;
    const id = Buffer.from(randomBytes(15)).toString('base64url');
    const { resume, recorder } = options;
    const { tokens, maxTokens } = resume?.start ?? made;
    const { seed, reading, together } = made;
    seating.needs(tokens.length + maxTokens);
    const model = placed.model.sha256;
    const session = { ...made, id, model, tokens, maxTokens, scope: placed.scope };
    const { tier } = placed;
    const begun = { model, tokens, maxTokens, seed, tier, numericClass: seating.numericClass };
    recorder?.begun(begun);
    const { resumption, resumable = false } = request;
    const handed = resumption ? eventsOf(resumption) : [];
    const drawn = new DrawnTokens();
    const usage = { promptTokens: tokens.length, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    const callId = callIds({ model, tokens, seed });
    const chunks = answerChoices({
      ...{ choices: request.choices, together, usage, signal: scope.signal, servedBy: seating.served },
      ...(reading && { apart: (choice) => new TakenApart({ reading, choice, usage, callId }) }),
      open: (choice, signal) =>
        drawn.heard(
          continued(sessionRequest(request, session, choice), {
            known: [...handed, ...(resume?.events[choice] ?? [])],
            run: (start) => this.#run({ start, entered, isFirst: choice === 0 }, signal),
            record: (event) => recorder?.event(choice, event),
          }),
        ),
    });
    const start = startTold(resume?.start ?? begun, this.#placing.exactness(placed));
    const told = resumable ? drawn.told(start, chunks) : chunks;
    const { name } = placed.model;
    const head = { id, model: name, createdMs: clock.nowMs(), usage, servedBy: seating.served };
    return { ...head, chunks: new AnswerStream(told, scope) };
  }

  async *#run(
    { start, entered, isFirst }: { start: SessionRequest; entered: Entered; isFirst: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<RunEvent> {
    const { seating, presence, placed } = entered;
    const { clock } = this.#deps;
    const report = (outcome: SeatOutcome): void => this.#placing.report(outcome);
    const attempts = new Attempts(presence, clock);
    const sitting = { seating, clock, times: this.#times, report, attempts, hedges: isFirst };
    const onResume = (): void => {
      this.#resumed += 1;
    };
    yield* runSession(start, { attempts, onResume, enter: (within) => sit(sitting, within) }, signal);
    this.#placing.stayed(placed, seating.served.at(-1)?.node ?? null);
  }
}

type EmbedAnswer = Embedded & { model: string };

/** Of requests that draw no token. */
const PLAIN = {
  format: { kind: 'text' },
  stop: [],
  choices: 1,
  maxTokens: 1,
} satisfies Partial<CompletionRequest>;

/** By an earlier process, or at another gateway. */
function begunBefore(
  { resumption }: Pick<CompletionRequest, 'resumption'>,
  resume: AnswerSoFar | undefined,
): Placed['begun'] {
  if (resumption === undefined && resume === undefined) return null;
  const prompt = resume?.start.tokens.length ?? resumption?.start.promptTokens ?? 0;
  const counts = (resume?.events ?? []).map((known) => known.filter(({ kind }) => kind === 'token').length);
  const tokens = prompt + (resumption?.drawn.length ?? 0) + Math.max(0, ...counts);
  const { numericClass, maxTokens } = (resume ?? resumption)?.start ?? { numericClass: null, maxTokens: 0 };
  const exact = (resumption?.start.numericClass ?? null) !== null;
  return { numericClass, tokens, exact, contextTokens: prompt + maxTokens };
}

function specOf(stored: StoredModel, config: ServingConfig): Parameters<Engine['load']>[0] {
  const { mode, device, sessionsMax } = config;
  const contextTokens = Math.min(config.contextTokens, stored.trainedContextTokens);
  return { ...filesOf(stored), device, mode, contextTokens, sessionsMax };
}
