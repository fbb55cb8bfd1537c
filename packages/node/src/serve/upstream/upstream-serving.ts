/** Serving with upstreams: what is asked of a model that only they have is passed on, everything else is as before. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest, Prompt, ServedBy } from '@filon/core/serving/completion';
import type { LoadedModel } from '@filon/core/serving/session';
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import { upstreamError } from '@filon/core/upstream/errors';
import type { Clock } from '../../ports/clock.ts';
import { Admission } from '../admit.ts';
import { AnswerStream } from '../answer-stream.ts';
import type { ServingConfig } from '../config.ts';
import type { ServeErrorDetails } from '../errors.ts';
import { ANSWER_TOKENS_GUESS, CANCEL_GRACE_MS, CHARACTERS_PER_TOKEN_GUESS } from '../limits.ts';
import type { OpenServing } from '../pipeline.ts';
import { type Scope, Scopes } from '../scope.ts';
import type { Answer, CompleteOptions, ServedModel, Serving, ServingStats } from '../serving.ts';
import { checkOffer } from '../tools.ts';
import { isFailure } from './health.ts';
import { SESSIONS_DEFAULT, TRIES_MAX } from './limits.ts';
import type { UpstreamPlace } from './place.ts';
import type { UpstreamFound, UpstreamPlaces } from './places.ts';
import { passOn } from './text-failover.ts';

export interface UpstreamServingDeps {
  serving: OpenServing;
  places: UpstreamPlaces;
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
  readonly #scopes = new Scopes();
  #resumed = 0;

  constructor(config: UpstreamServingConfig, deps: UpstreamServingDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#admission = new Admission({ ...config, clock: deps.clock, slots: SESSIONS_DEFAULT });
  }

  async complete(request: CompletionRequest, options: CompleteOptions): Promise<Answer> {
    return await this.#branch(options.resume?.start.model ?? request.model, options, {
      here: () => this.#deps.serving.complete(request, options),
      there: (found) => this.#complete(request, found, options),
    });
  }

  async embed(...[request, options]: Parameters<Serving['embed']>): ReturnType<Serving['embed']> {
    return await this.#branch(request.model, options, {
      here: () => this.#deps.serving.embed(request, options),
      there: (found) => this.#embed(request.inputs, found, options),
    });
  }

  async countTokens(...[request, options]: Parameters<Serving['countTokens']>): Promise<number> {
    return await this.#branch(request.model, options, {
      here: () => this.#deps.serving.countTokens(request, options),
      there: ({ name }) => Promise.reject(cannotCount(name)),
    });
  }

  async models(): Promise<ServedModel[]> {
    const here = await this.#deps.serving.models();
    const names = new Set(here.map(({ name }) => name));
    return [...here, ...this.#deps.places.models().filter(({ name }) => !names.has(name))];
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

  async explain(...asked: Parameters<OpenServing['explain']>): ReturnType<OpenServing['explain']> {
    const [{ model, tier }] = asked;
    return await this.#branch(
      model,
      { tier },
      {
        here: () => this.#deps.serving.explain(...asked),
        there: ({ name }) => Promise.reject(notRouted(name)),
      },
    );
  }

  guests(): ReturnType<OpenServing['guests']> {
    return this.#deps.serving.guests();
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

  /** What is stored here is answered here; then come upstreams; then whoever else this node knows. */
  async #branch<T>(
    model: string,
    { tier = 'own', passedOn = false }: Pick<CompleteOptions, 'tier' | 'passedOn'>,
    ways: { here: () => Promise<T>; there: (found: UpstreamFound) => Promise<T> },
  ): Promise<T> {
    const found = passedOn ? null : this.#deps.places.find(model);
    if (found === null) return await ways.here();
    const stored = await this.#deps.serving.models();
    if (stored.some(({ name, elsewhere }) => elsewhere === undefined && name === found.name))
      return await ways.here();
    if (tierAllows(tier, found.tier)) return await ways.there(found);
    try {
      return await ways.here();
    } catch (error) {
      throw isFilonError(error, 'SERVE_MODEL_UNKNOWN') ? beyond(found, tier) : error;
    }
  }

  async #complete(
    request: CompletionRequest,
    found: UpstreamFound,
    options: CompleteOptions,
  ): Promise<Answer> {
    if (options.resume) throw cannotResume(found);
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
    { recorder }: CompleteOptions,
  ): Promise<Answer> {
    const { clock, randomBytes, places } = this.#deps;
    const id = Buffer.from(randomBytes(15)).toString('base64url');
    const promptTokens = tokensGuess(request);
    const usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
    const servedBy: ServedBy[] = [];
    const answerTokens = Math.min(request.maxTokens ?? ANSWER_TOKENS_GUESS, ANSWER_TOKENS_GUESS);
    const chunks = passOn({
      ...{ request, usage, servedBy, signal: scope.signal },
      pick: (wanted) =>
        places.pick({ ...wanted, model: found.name, tier, promptTokens, answerTokens }, scope),
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

/** Nobody here can count them. */
function tokensGuess({ prompt }: CompletionRequest): number {
  if (prompt.kind === 'tokens') return prompt.tokens.length;
  const text = prompt.kind === 'text' ? prompt.text : JSON.stringify(prompt.messages);
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN_GUESS);
}

function beyond({ name, tier: needed }: UpstreamFound, tier: PrivacyTier): Error {
  const message = `there is no model '${name}' within the tier '${tier}': it is at an upstream of the tier '${needed}'`;
  return new FilonError<ServeErrorDetails>({ code: 'SERVE_MODEL_UNKNOWN', model: name }, message);
}

function cannotCount(name: string): Error {
  const message = `the tokens of a prompt to ${name} cannot be counted: it is at an upstream, which does not say`;
  return upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'counting tokens' }, message);
}

function notRouted(name: string): Error {
  const message = `${name} is at an upstream of this node, which answers whenever it is up; there is nothing to choose. \`filon upstream ls\` says how it does`;
  return upstreamError({ code: 'UPSTREAM_UNSUPPORTED', what: 'routing' }, message);
}

function gone(model: string): Error {
  const message = `the upstream of ${model} was removed`;
  return upstreamError({ code: 'UPSTREAM_UNKNOWN', name: model }, message);
}

function cannotResume({ name }: UpstreamFound): Error {
  const why = 'the node ended meanwhile, and an upstream cannot begin an answer again as it was';
  const message = `the answer of the upstream of ${name} cannot be gone on with: ${why}; ask again`;
  return upstreamError({ code: 'UPSTREAM_CUT', model: name, why }, message);
}
