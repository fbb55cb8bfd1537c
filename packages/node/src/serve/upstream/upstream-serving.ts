/** Serving with upstreams: what is asked of a model that only they have is passed on, everything else is as before. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest, Prompt, ServedBy } from '@filon/core/serving/completion';
import type { ResumeErrorDetails } from '@filon/core/serving/resumption';
import type { LoadedModel } from '@filon/core/serving/session';
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { KeyId } from '@filon/core/swarm/key-id';
import { upstreamError } from '@filon/core/upstream/errors';
import type { Clock } from '../../ports/clock.ts';
import type { Replicas } from '../../ports/replicas.ts';
import { Admission } from '../admit.ts';
import { AnswerStream } from '../answer-stream.ts';
import type { ServingConfig } from '../config.ts';
import { ANSWER_TOKENS_GUESS, CANCEL_GRACE_MS, CHARACTERS_PER_TOKEN_GUESS } from '../limits.ts';
import type { OpenServing } from '../pipeline.ts';
import { type Scope, Scopes } from '../scope.ts';
import type {
  Answer,
  CompleteOptions,
  RouteQuestion,
  ServedModel,
  Serving,
  ServingStats,
} from '../serving.ts';
import { checkOffer } from '../tools.ts';
import { withGuestTexts } from './guest-texts.ts';
import { isFailure } from './health.ts';
import { SESSIONS_DEFAULT, TRIES_MAX } from './limits.ts';
import type { TextPlace, UpstreamPlace } from './place.ts';
import type { PickWanted, UpstreamFound, UpstreamPlaces } from './places.ts';
import { seatPlace } from './seat-place.ts';
import { reaches, Sides, within } from './sides.ts';
import { isNobodyLeft, passOn } from './text-failover.ts';
import { TextPlaces, type Tried } from './text-places.ts';
import { tokensGuess } from './tokens-guess.ts';

export interface UpstreamServingDeps {
  serving: OpenServing;
  places: UpstreamPlaces;
  /** Absent or null: this node knows no others. */
  replicas?: Replicas | null;
  clock: Clock;
  randomBytes: (count: number) => Uint8Array;
}

type UpstreamServingConfig = Pick<ServingConfig, 'queueMax' | 'queueWaitMs' | 'stopMs'>;

/** Disposing of it disposes of `serving` as well, and lets answers that were passed on finish meanwhile. */
export function withUpstreams(config: UpstreamServingConfig, deps: UpstreamServingDeps): OpenServing {
  return new UpstreamServing(config, deps);
}

interface Entered {
  found: UpstreamFound;
  tier: PrivacyTier;
  scope: Scope;
}

class UpstreamServing implements OpenServing {
  readonly #config: UpstreamServingConfig;
  readonly #deps: UpstreamServingDeps;
  readonly #admission: Admission;
  readonly #texts: TextPlaces;
  readonly #sides: Sides;
  readonly #scopes = new Scopes();
  #resumed = 0;

  constructor(config: UpstreamServingConfig, deps: UpstreamServingDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#admission = new Admission({ ...config, clock: deps.clock, slots: SESSIONS_DEFAULT });
    this.#texts = new TextPlaces({ ...deps, replicas: deps.replicas ?? null });
    this.#sides = new Sides({ serving: deps.serving, texts: this.#texts });
  }

  async complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer> {
    const { resume, tier = 'own', signal } = options;
    const begun = (resume ?? request.resumption)?.start;
    const found = this.#find(begun?.model ?? request.model, options);
    const seats = (): Promise<Answer> => this.#deps.serving.complete(request, options);
    if (found === null || (begun && begun.model !== found.sha256)) return await seats();
    if (resume) throw cannotResume(found);
    if (begun) throw notResumable(found);
    const question = { ...questionOf(request, found), tier };
    const texts = (): Promise<Answer> => this.#complete(request, found, options);
    return await this.#sides.either(question, { seats, texts }, signal);
  }

  async embed(...[request, options]: Parameters<Serving['embed']>): ReturnType<Serving['embed']> {
    const found = options.passedOn === true ? null : this.#deps.places.find(request.model);
    const seats = () => this.#deps.serving.embed(request, options);
    if (found === null || (await this.#sides.isStored(found.name))) return await seats();
    if (reaches(found, options.tier)) return await this.#embed(request.inputs, found, options);
    return await within(found, options, seats);
  }

  async countTokens(...[request, options]: Parameters<Serving['countTokens']>): Promise<number> {
    const found = this.#find(request.model, options);
    const seats = () => this.#deps.serving.countTokens(request, options);
    if (found === null || (await this.#sides.hasSeats(found.name, options.tier))) return await seats();
    if (reaches(found, options.tier)) throw cannotCount(found.name);
    return await within(found, options, seats);
  }

  async models(): Promise<ServedModel[]> {
    const here = await this.#deps.serving.models();
    const names = new Set(here.map(({ name }) => name));
    return [...here, ...this.#texts.models().filter(({ name }) => !names.has(name))];
  }

  async readiness(): ReturnType<Serving['readiness']> {
    const here = await this.#deps.serving.readiness();
    const up = this.#deps.places.someUp;
    if (here.ready || up === null || this.#scopes.stopping) return here;
    return { ready: true, reason: `the upstream of ${up.row.name} answers` };
  }

  stats(): ServingStats {
    const here = this.#deps.serving.stats();
    const { active, queued, admitted, refused } = this.#admission.stats();
    return {
      ...here,
      active: here.active + active,
      queued: here.queued + queued,
      admitted: here.admitted + admitted,
      refused: here.refused + refused,
      resumed: here.resumed + this.#resumed,
    };
  }

  load(...asked: Parameters<OpenServing['load']>): Promise<LoadedModel> {
    return this.#deps.serving.load(...asked);
  }

  unload(...asked: Parameters<OpenServing['unload']>): Promise<void> {
    return this.#deps.serving.unload(...asked);
  }

  async explain(...[question, { signal }]: Parameters<OpenServing['explain']>) {
    const found = this.#find(question.model, {});
    if (found === null) return await this.#deps.serving.explain(question, { signal });
    return await this.#sides.explain({ ...question, model: found.name }, found, signal);
  }

  guests(): ReturnType<OpenServing['guests']> {
    const onResume = (): void => {
      this.#resumed += 1;
    };
    const parts = { admission: this.#admission, scopes: this.#scopes, places: this.#deps.places, onResume };
    return withGuestTexts(this.#deps.serving.guests(), parts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = this.#scopes.stop();
    this.#admission.refuseWaiting(reason);
    const here = this.#deps.serving[Symbol.asyncDispose]();
    await this.#scopes.idleWithin(this.#config.stopMs, this.#deps.clock);
    this.#scopes.abandonAll(reason);
    await this.#scopes.idleWithin(CANCEL_GRACE_MS, this.#deps.clock);
    await here;
  }

  #find(model: string, { passedOn = false }: Pick<CompleteOptions, 'passedOn'>): UpstreamFound | null {
    return passedOn ? null : this.#texts.find(model);
  }

  async #complete(
    request: CompletionRequest,
    found: UpstreamFound,
    options: CompleteOptions,
  ): Promise<Answer> {
    checkOffer(request);
    const entered = await this.#enter(found, options);
    try {
      return await this.#answer({ ...request, model: found.name }, entered, options);
    } catch (error) {
      entered.scope.close();
      throw error;
    }
  }

  async #embed(
    inputs: Prompt[],
    found: UpstreamFound,
    options: Parameters<Serving['embed']>[1],
  ): ReturnType<Serving['embed']> {
    const entered = await this.#enter(found, options);
    const { scope } = entered;
    const promptTokens = Math.ceil(JSON.stringify(inputs).length / CHARACTERS_PER_TOKEN_GUESS);
    try {
      options.onBegun?.();
      const made = await this.#tried(entered, promptTokens, (place) => place.embed(inputs, scope));
      return { model: found.name, vectors: made.vectors, promptTokens: made.promptTokens ?? promptTokens };
    } finally {
      scope.close();
    }
  }

  /** Codes: SERVE_STOPPING, SERVE_QUEUE_FULL, SERVE_QUEUE_TIMEOUT. */
  async #enter(found: UpstreamFound, options: Pick<CompleteOptions, 'signal' | 'tier'>): Promise<Entered> {
    const scope = this.#scopes.enter(options.signal);
    try {
      this.#admission.resize(found.sha256, found.sessionsMax);
      const ticket = await this.#admission.admit(found.sha256, scope);
      scope.use({ [Symbol.dispose]: ticket.release });
      return { found, tier: options.tier ?? 'own', scope };
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  /** Resolves with the first piece: what an endpoint refuses is refused, and not an answer that fails. */
  async #answer(
    request: CompletionRequest,
    { found, tier, scope }: Entered,
    options: CompleteOptions,
  ): Promise<Answer> {
    const { recorder } = options;
    const { clock, randomBytes } = this.#deps;
    const id = Buffer.from(randomBytes(15)).toString('base64url');
    const promptTokens = tokensGuess(request);
    const usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    const servedBy: ServedBy[] = [];
    const answerTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS_GUESS, ANSWER_TOKENS_GUESS);
    const tried = { excluded: new Set<KeyId>(), signal: scope.signal };
    const chunks = passOn({
      ...{ request, usage, servedBy, signal: scope.signal },
      pick: (wanted) =>
        this.#pick({ ...wanted, model: found.name, tier, promptTokens, answerTokens }, tried, options),
      onResume: () => {
        this.#resumed += 1;
      },
    });
    scope.use({ [Symbol.dispose]: () => void chunks.return(undefined).catch(() => undefined) });
    const first = await chunks.next();
    const start = {
      model: found.sha256,
      tokens: new Int32Array(),
      maxTokens: request.maxTokens ?? 0,
      seed: 0n,
    };
    recorder?.begun({ ...start, tier, numericClass: null });
    const told = { id, model: found.name, createdMs: clock.nowMs(), usage, servedBy };
    return { ...told, chunks: new AnswerStream(behind(first, chunks), scope) };
  }

  /** An upstream, or the seats with a file of that name that are left when an answer has begun. */
  async #pick(
    wanted: PickWanted & { hasBegun: boolean },
    tried: Tried,
    { tier, scope }: CompleteOptions,
  ): Promise<TextPlace | null> {
    const { serving } = this.#deps;
    const { model, hasBegun } = wanted;
    const hasSeats = await this.#sides.hasSeats(model, tier);
    const seats = (): TextPlace =>
      seatPlace({ serving, model, ...(tier && { tier }), ...(scope !== undefined && { scope }) });
    try {
      const place = await this.#texts.pick({ ...wanted, waits: !hasSeats }, tried);
      return place ?? (hasSeats && hasBegun ? seats() : null);
    } catch (error) {
      if (hasSeats && hasBegun && isNobodyLeft(error)) return seats();
      throw error;
    }
  }

  async #tried<T>(
    { found, tier, scope }: Entered,
    promptTokens: number,
    work: (place: UpstreamPlace) => Promise<T>,
  ): Promise<T> {
    const wanted = { model: found.name, tier, continuing: false, promptTokens, answerTokens: 0 };
    let last: unknown = null;
    for (let tries = 1; ; tries++) {
      try {
        const place = await this.#deps.places.pick(wanted, scope);
        if (place === null) throw gone(found.name);
        return await work(place);
      } catch (error) {
        scope.signal.throwIfAborted();
        if (last !== null && isFilonError(error, 'UPSTREAM_DOWN')) throw last;
        if (!isFailure(error) || tries >= TRIES_MAX) throw error;
        last = error;
      }
    }
  }
}

async function* behind(
  first: IteratorResult<Chunk, unknown>,
  rest: AsyncGenerator<Chunk>,
): AsyncGenerator<Chunk> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}

function questionOf(request: CompletionRequest, { name }: UpstreamFound): Omit<RouteQuestion, 'tier'> {
  const answerTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS_GUESS, ANSWER_TOKENS_GUESS);
  return { model: name, promptTokens: tokensGuess(request), answerTokens };
}

function cannotCount(name: string): Error {
  const message = `the tokens of a prompt to ${name} cannot be counted: it is at an upstream, which does not say`;
  return upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'counting tokens' }, message);
}

function gone(model: string): Error {
  const message = `the upstream of ${model} was removed`;
  return upstreamError({ code: 'UPSTREAM_UNKNOWN', name: model }, message);
}

function notResumable({ name }: UpstreamFound): Error {
  const message = `this answer cannot be gone on with here: ${name} is at an upstream, which takes no tokens; ask again`;
  return new FilonError<ResumeErrorDetails>({ code: 'RESUME_MISMATCH', what: 'model' }, message);
}

function cannotResume({ name }: UpstreamFound): Error {
  const why = 'the node ended meanwhile, and an upstream cannot begin an answer again as it was';
  const message = `the answer of the upstream of ${name} cannot be gone on with: ${why}; ask again`;
  return upstreamError({ code: 'UPSTREAM_CUT', model: name, why }, message);
}
