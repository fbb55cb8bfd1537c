/** Where requests may be answered: the models that are here or elsewhere, and a seat for each request. */
import { promptBeginning } from '@filon/core/answering/prompt-beginning';
import { PREFIX_BLOCK_CHARS, PREFIX_BLOCKS_MAX } from '@filon/core/directory/load-messages';
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest, Prompt } from '@filon/core/serving/completion';
import {
  ALONE,
  type Candidate,
  type RankedCandidate,
  type RouteRequest,
  type Routing,
} from '@filon/core/serving/routing';
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import type { Clock } from '../ports/clock.ts';
import type { Models } from '../ports/models.ts';
import type { RemoteModel, Replicas, Seat, SeatAhead, SeatOutcome, TakeOptions } from '../ports/replicas.ts';
import { askOthersSoon } from './ask-others.ts';
import type { ServingConfig } from './config.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { ServeErrorDetails } from './errors.ts';
import { ANSWER_TOKENS_GUESS, CHARACTERS_PER_TOKEN_GUESS, FULL_RETRY_MAX_MS } from './limits.ts';
import type { LocalSeats } from './local-seats.ts';
import { route, routeNone } from './route.ts';
import { withoutSession } from './seat-outcome.ts';
import { type RankWanted, Seating } from './seating.ts';
import type { Found, RouteQuestion, ServedModel } from './serving.ts';
import { Stays } from './stays.ts';

/** One request, as far as it matters for where it is answered. */
export interface Placed {
  model: Found;
  tier: PrivacyTier;
  /** Whose prefixes. */
  scope: string;
  prompt: Prompt;
  maxTokens: number | null;
  /** Sessions wished for together. */
  sessions: number;
  /** Until the prompt's tokens and the seed are known; then null. */
  ahead: SeatAhead | null;
  /** Of an answer that was begun before. */
  begun: Begun | null;
}

export interface Begun {
  numericClass: string | null;
  /** So far, with the prompt. */
  tokens: number;
  /** It was begun in exact mode, whatever this node is in. */
  exact: boolean;
  /** All that it may take of a context. */
  contextTokens: number;
}

export interface PlacingDeps {
  models: Models;
  /** null: this node knows no others. */
  replicas: Replicas | null;
  local: LocalSeats;
  elsewhere: Elsewhere;
  clock: Clock;
}

const BEGINNING_CHARS = PREFIX_BLOCK_CHARS * PREFIX_BLOCKS_MAX;
/** The least of a hash that stands for a model. */
const SHA_CHARS_MIN = 8;

export class Placing {
  readonly #config: ServingConfig;
  readonly #deps: PlacingDeps;
  readonly #stays = new Stays();

  constructor(config: ServingConfig, deps: PlacingDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /** Those here, then those that only others have. */
  async models(): Promise<ServedModel[]> {
    const stored = await this.#deps.models.list();
    const isHere = (one: RemoteModel): boolean =>
      stored.some(({ sha256, name }) => sha256 === one.sha256 || name === one.name);
    const others = this.#elsewhere().filter((one) => !isHere(one));
    return [...stored, ...others.map(servedElsewhere)];
  }

  /** What has seats elsewhere. */
  #elsewhere(): readonly RemoteModel[] {
    return (this.#deps.replicas?.models() ?? []).filter(({ upstream }) => upstream !== true);
  }

  /** `begun`: somebody had it before. Codes: SERVE_MODEL_UNKNOWN, SERVE_ROUTE_NONE. */
  async find(model: string, tier: PrivacyTier, { begun = false }: { begun?: boolean } = {}): Promise<Found> {
    const stored = await this.#deps.models.find(model);
    if (stored) return { sha256: stored.sha256, name: stored.name, stored };
    const elsewhere = this.#elsewhere();
    const named = elsewhere.filter(
      ({ name, sha256 }) => name === model || (model.length >= SHA_CHARS_MIN && sha256.startsWith(model)),
    );
    const reached = named.find((one) => tierAllows(tier, one.tier));
    if (reached) return { ...reached, stored: null };
    // Of other nodes not all are known a moment after a start.
    if (begun && this.#deps.replicas !== null) throw routeNone(model, { ranked: [], refused: [] });
    const message = `there is no model '${model}' on this node; ${this.#whyNot(model, tier, named[0])}`;
    throw new FilonError({ code: 'SERVE_MODEL_UNKNOWN', model }, message);
  }

  #whyNot(model: string, tier: PrivacyTier, beyond: RemoteModel | undefined): string {
    if (beyond) return `others have it, but not within the tier '${tier}' (it takes '${beyond.tier}')`;
    if (this.#deps.replicas?.isWithheld(model) !== true) return 'filon ls lists what there is';
    return 'others have it, but answer machines of their own operator alone: the setting swarmServes of those nodes says whom';
  }

  seating(placed: Placed, signal: AbortSignal): Seating {
    const { begun, sessions, model } = placed;
    return new Seating({
      ...{ modelName: model.name, sessions, signal, ...this.exactness(placed) },
      numericClass: begun?.numericClass ?? null,
      resuming: begun !== null,
      rank: (wanted) => this.#rank(placed, wanted, signal),
      take: (place, options) => this.#take(placed, place, options),
      pass: (options) => this.#deps.elsewhere.enter(model.sha256, options),
      none: (routing) => routeNone(model.name, routing),
    });
  }

  /** Whether only places of one numeric class compute it. */
  exactness({ begun }: Pick<Placed, 'begun'>): { exact: boolean } {
    return { exact: this.#config.mode === 'exact' || (begun?.exact ?? false) };
  }

  /** Who could compute it now, best first, and who may not. Codes: SERVE_MODEL_UNKNOWN. */
  async explain(
    { model, tier, promptTokens, answerTokens }: RouteQuestion,
    signal: AbortSignal,
  ): Promise<{ model: Found; routing: Routing }> {
    const found = await this.find(model, tier);
    const placed: Placed = {
      ...{ model: found, tier, scope: '', prompt: { kind: 'text', text: '' }, sessions: 1 },
      ...{ maxTokens: answerTokens, ahead: null },
      begun: { numericClass: null, tokens: promptTokens, exact: false, contextTokens: 0 },
    };
    const wanted = { excluded: new Set<null>(), numericClass: null, resuming: false, promptTokens };
    return { model: found, routing: await this.#rank(placed, wanted, signal) };
  }

  /** The answer is at an end, there. */
  stayed(placed: Placed, node: string | null): void {
    if (this.#deps.replicas !== null) this.#stays.note({ ...placed, model: placed.model.sha256 }, node);
  }

  report(outcome: SeatOutcome): void {
    this.#deps.replicas?.report(outcome);
  }

  async #rank(placed: Placed, wanted: RankWanted, signal: AbortSignal): Promise<Routing> {
    const { replicas, local } = this.#deps;
    const { stored } = placed.model;
    const request = this.#routeRequest(placed, wanted);
    const here = stored === null ? null : local.candidate(stored, wanted.numericClass);
    return route(request, {
      isGuess: wanted.promptTokens === null && placed.begun === null,
      local: here,
      remote: replicas === null ? [] : await this.#others(replicas, { request, here }, signal),
      policy: replicas?.policy() ?? ALONE,
    });
  }

  /** Nobody waits for long for what others say where this node could begin at once. */
  async #others(
    replicas: Replicas,
    { request, here }: { request: RouteRequest; here: Candidate | null },
    signal: AbortSignal,
  ): Promise<readonly Candidate[]> {
    if (here === null || !here.ready || here.load?.queueMs !== 0 || request.excluded.has(null)) {
      return await replicas.candidates(request, { signal });
    }
    return await askOthersSoon(replicas, request, { signal, clock: this.#deps.clock });
  }

  #routeRequest(placed: Placed, wanted: RankWanted): RouteRequest {
    const { model, tier, prompt, maxTokens, begun } = placed;
    const stayAt = this.#stays.of({ ...placed, model: model.sha256 });
    // Of where its last turn was nobody needs to be asked.
    const isNew = stayAt === undefined && prompt.kind !== 'tokens' && this.#deps.replicas !== null;
    const beginning = isNew && { text: promptBeginning(prompt, BEGINNING_CHARS), scope: placed.scope };
    return {
      ...wanted,
      ...{ model: model.sha256, tier, ...this.exactness(placed) },
      promptTokens: wanted.promptTokens ?? begun?.tokens ?? tokensGuess(prompt),
      answerTokens: Math.min(maxTokens ?? ANSWER_TOKENS_GUESS, ANSWER_TOKENS_GUESS),
      ...(stayAt === undefined ? {} : { stayAt }),
      ...(beginning && { beginning }),
    };
  }

  async #take(
    { model, sessions, ahead }: Placed,
    place: RankedCandidate,
    options: Pick<TakeOptions, 'signal'>,
  ): Promise<Seat> {
    const { replicas, local } = this.#deps;
    const { node } = place.candidate;
    if (node === null || replicas === null) {
      if (model.stored === null) throw routeNone(model.name, { ranked: [], refused: [] });
      return await local.take(model.stored, { sessions }, options);
    }
    const wanted = { node, model: model.sha256, sessions, ahead };
    const { queueWaitMs } = this.#config;
    const [over, late] = [new AbortController(), new AbortController()];
    this.#deps.clock.sleep(queueWaitMs, { signal: over.signal }).then(
      () => late.abort(noSeatInTime(model.name, queueWaitMs)),
      () => undefined,
    );
    try {
      return await replicas.take(wanted, { signal: AbortSignal.any([options.signal, late.signal]) });
    } catch (error) {
      options.signal.throwIfAborted();
      replicas.report(withoutSession(wanted, error));
      throw error;
    } finally {
      over.abort();
    }
  }
}

/** The node that was asked said all the time that it is there. */
function noSeatInTime(model: string, waitedMs: number): FilonError<ServeErrorDetails> {
  const retryAfterSeconds = FULL_RETRY_MAX_MS / 1000;
  return new FilonError<ServeErrorDetails>(
    { code: 'SERVE_QUEUE_TIMEOUT', waitedMs, retryAfterSeconds },
    `no node gave a seat with ${model} within ${Math.round(waitedMs / 1000)} s; try again in about ${retryAfterSeconds} s`,
  );
}

/** What their nodes do not say of it is empty, or 0. */
function servedElsewhere({ name, sha256, contextTokens, tier }: RemoteModel): ServedModel {
  return {
    ...{ name, sha256, bytes: 0, parameters: 0, trainedContextTokens: contextTokens, licence: null },
    ...{ architecture: '', quantization: '', pulledAtMs: 0, elsewhere: tier },
  };
}

/** Before a seat has tokenized it. */
function tokensGuess(prompt: Prompt): number {
  if (prompt.kind === 'tokens') return prompt.tokens.length;
  const characters = prompt.kind === 'text' ? prompt.text.length : charactersOf(prompt);
  return Math.ceil(characters / CHARACTERS_PER_TOKEN_GUESS);
}

function charactersOf({ messages }: Extract<CompletionRequest['prompt'], { kind: 'chat' }>): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}
