/** One upstream as a place that answers: asked, timed, and left alone while it fails. */
import type { Chunk, CompletionRequest, ServedBy, Usage } from '@filon/core/serving/completion';
import type { Candidate, LoadRate } from '@filon/core/serving/routing';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { upstreamHost } from '@filon/core/upstream/address';
import { upstreamBroken, upstreamError } from '@filon/core/upstream/errors';
import { continuesChats } from '@filon/core/upstream/kinds';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { UpstreamRow } from '../../ports/store.ts';
import type { Endpoint, UpstreamKeys, Upstreams } from '../../ports/upstreams.ts';
import { withTimeout } from '../timeout.ts';
import { Health } from './health.ts';
import {
  DECODE_TOKENS_MIN,
  FIRST_TOKEN_WEIGHT,
  HELD_SHARE_MAX,
  PIECES_FREE,
  PIECES_PER_TOKEN_MAX,
  PREFILL_TOKENS_MIN,
  VECTORS_TIMEOUT_MS,
} from './limits.ts';

interface Computed {
  model: string;
  numericClass: null;
}

/** What is kept of measured speeds. */
export interface Meter {
  add(of: Computed, phase: 'prefill' | 'decode', sample: { sessions: number; perSecond: number }): void;
  rates(of: Computed): LoadRate[];
}

export interface PlaceDeps {
  upstreams: Upstreams;
  keys: UpstreamKeys;
  clock: Clock;
  log: Log;
  meter: Meter;
  /** The mean time to a first token changed. */
  onMeasured: () => void;
}

export interface PlaceRequest {
  request: Omit<CompletionRequest, 'model'>;
  begun: string;
}

/** Where a request is answered by text. */
export interface TextPlace {
  /** null: it is told with the usage. */
  readonly servedBy: ServedBy | null;
  /** As Upstreams.complete. */
  complete(asked: PlaceRequest, options: Waiting): AsyncIterable<Chunk>;
}

export class UpstreamPlace implements TextPlace, Disposable {
  readonly id: string;
  readonly row: UpstreamRow;
  readonly health: Health;
  readonly #deps: PlaceDeps;
  readonly #over = new AbortController();
  #active = 0;

  constructor(id: string, row: UpstreamRow, deps: PlaceDeps) {
    this.id = id;
    this.row = row;
    this.#deps = deps;
    const { name, url, model } = row;
    const told = { upstream: name, host: upstreamHost(url) };
    this.health = new Health({
      ...{ clock: deps.clock, signal: this.#over.signal },
      check: async (options) => {
        const models = await deps.upstreams.models(this.#endpoint(), options);
        if (!models.some(({ id: known }) => known === model)) throw modelGone(row);
      },
      onChange: (up, code) =>
        up ? deps.log.info('upstream.up', told) : deps.log.warn('upstream.down', { ...told, code }),
    });
  }

  /** Requests that it has in work for this node. */
  get active(): number {
    return this.#active;
  }

  get isFull(): boolean {
    return this.#active >= this.row.sessionsMax;
  }

  get servedBy(): ServedBy {
    return { node: null, operator: null, tier: this.row.tier, numericClass: null, upstream: true };
  }

  rates(): LoadRate[] {
    return this.#deps.meter.rates(this.#computed);
  }

  /** Whom of the swarm it answers at most. Of rows of an earlier version, which asked nobody, its operator's own. */
  get serves(): PrivacyTier {
    return this.row.serves ?? 'own';
  }

  /** `model`: what stands for its model's name here. The round trip is in the measured rates. */
  candidate(model: string): Candidate {
    const { name, contextTokens, sessionsMax, tier, kind } = this.row;
    return {
      ...{
        node: null,
        operator: null,
        model,
        name,
        numericClass: null,
        loadMs: 0,
        roundTripMs: 0,
        price: null,
      },
      ready: this.health.isUp,
      contextTokens: contextTokens ?? Number.MAX_SAFE_INTEGER,
      sessionsMax,
      rates: this.rates(),
      load: { active: this.#active, queued: 0, queueMs: 0, cachedTokens: 0 },
      serves: this.serves,
      reliability: 1,
      replayable: false,
      upstream: { tier, serves: this.serves, continuesChats: continuesChats(kind) },
    };
  }

  /** As Upstreams.complete. What becomes of it is remembered. */
  async *complete({ request, begun }: PlaceRequest, { signal }: Waiting): AsyncGenerator<Chunk> {
    const { upstreams, clock } = this.#deps;
    const { model, contextTokens } = this.row;
    const timing = new Timing(clock);
    this.#active += request.choices;
    const together = this.#active;
    const tokensMax = request.choices * (request.maxTokens ?? Number.POSITIVE_INFINITY);
    try {
      const asked = { model, request, begun, contextTokens };
      for await (const chunk of upstreams.complete(this.#endpoint(), asked, { signal })) {
        timing.note(chunk);
        if (timing.pieces > PIECES_FREE + tokensMax * PIECES_PER_TOKEN_MAX)
          throw upstreamBroken(upstreamHost(this.row.url), 'it sends far more than it was asked for');
        yield chunk;
        timing.resume();
      }
      this.health.succeeded();
      if (request.choices === 1) this.#measured(timing, together);
    } catch (error) {
      if (!signal.aborted) this.health.failed(error);
      throw error;
    } finally {
      this.#active -= request.choices;
    }
  }

  /** As Upstreams.embed. */
  async embed(
    inputs: Parameters<Upstreams['embed']>[1]['inputs'],
    { signal }: Waiting,
  ): ReturnType<Upstreams['embed']> {
    const { upstreams, clock } = this.#deps;
    const { model } = this.row;
    this.#active += 1;
    try {
      const timing = { clock, signal, timeoutMs: VECTORS_TIMEOUT_MS, what: 'vectors of an upstream' };
      const made = await withTimeout(
        (within) => upstreams.embed(this.#endpoint(), { model, inputs }, { signal: within }),
        timing,
      );
      this.health.succeeded();
      return made;
    } catch (error) {
      if (!signal.aborted) this.health.failed(error);
      throw error;
    } finally {
      this.#active -= 1;
    }
  }

  [Symbol.dispose](): void {
    this.#over.abort(new RangeError('the upstream is no more'));
  }

  get #computed(): Computed {
    return { model: `upstream:${this.id}`, numericClass: null };
  }

  /** Codes: HOME_KEY. */
  #endpoint(): Endpoint {
    const { url, kind, hasKey, fingerprint } = this.row;
    return { url, kind, fingerprint, key: hasKey ? this.#deps.keys.get(this.id) : null };
  }

  #measured(timing: Timing, sessions: number): void {
    const { firstMs, usage, decodeMs } = timing;
    const { meter, onMeasured } = this.#deps;
    if (firstMs === null) return;
    const before = this.row.firstTokenMs;
    this.row.firstTokenMs = before === null ? firstMs : before + (firstMs - before) * FIRST_TOKEN_WEIGHT;
    const prompt = usage.promptTokens - usage.cachedTokens;
    const perSecond = (tokens: number, tookMs: number): number => (tokens * 1000) / tookMs;
    if (prompt >= PREFILL_TOKENS_MIN) {
      meter.add(this.#computed, 'prefill', { sessions, perSecond: perSecond(prompt, firstMs) });
    }
    // The first token is not counted: it ends the time to itself.
    const answer = usage.completionTokens - 1;
    if (answer >= DECODE_TOKENS_MIN && !timing.wasHeld) {
      meter.add(this.#computed, 'decode', { sessions, perSecond: perSecond(answer, decodeMs) });
    }
    onMeasured();
  }
}

/** When the chunks of an answer came, without the time that their reader took. */
class Timing {
  readonly #clock: Clock;
  readonly #startMs: number;
  #heldMs = 0;
  #givenMs = 0;
  #lastMs = 0;
  pieces = 0;
  #said: Usage | null = null;
  /** Until the first piece; null: none came. */
  firstMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  note(chunk: Chunk): void {
    this.#givenMs = this.#clock.monotonicMs();
    if (chunk.kind === 'usage') this.#said = chunk.usage;
    if (chunk.kind === 'usage' || chunk.kind === 'end') return;
    this.pieces += 1;
    this.#lastMs = this.#givenMs - this.#startMs - this.#heldMs;
    this.firstMs ??= this.#lastMs;
  }

  resume(): void {
    this.#heldMs += this.#clock.monotonicMs() - this.#givenMs;
  }

  /** Its reader took so much of the time that what came meanwhile was waiting already. */
  get wasHeld(): boolean {
    return this.#heldMs > this.decodeMs * HELD_SHARE_MAX;
  }

  /** From the first piece to the last. */
  get decodeMs(): number {
    return this.#lastMs - (this.firstMs ?? 0);
  }

  /** As it was said; a piece is a token where nothing was. */
  get usage(): Usage {
    const counted = { promptTokens: 0, cachedTokens: 0, completionTokens: this.pieces, reasoningTokens: 0 };
    return this.#said ?? counted;
  }
}

function modelGone({ url, model }: UpstreamRow): Error {
  const host = upstreamHost(url);
  const message = `the upstream ${host} does not have the model ${model} any more`;
  return upstreamError({ code: 'UPSTREAM_MODEL_UNKNOWN', host, model, known: [] }, message);
}
