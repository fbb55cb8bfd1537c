/** Which nodes the last answers came from. Kept in memory alone, and not a word of what was asked or said. */
import { PANEL_WAYS_MAX } from '@filon/core/panel/network';
import type { Chunk, ServedBy } from '@filon/core/serving/completion';
import type { Clock } from '../../ports/clock.ts';
import type { Serving } from '../../serve/serving.ts';

export interface NotedWay {
  /** Counts from 1. */
  id: number;
  atMs: number;
  model: string;
  tookMs: number;
  tokens: number;
  pauses: number;
  /** In order; none: this node did all of it. */
  servedBy: readonly ServedBy[];
}

export class RecentWays {
  readonly #clock: Clock;
  readonly #ways: NotedWay[] = [];
  #made = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The newest first. */
  get list(): readonly NotedWay[] {
    return this.#ways;
  }

  /** Serving whose answers are noted when they have come to their end. */
  noting(serving: Serving): Serving {
    return {
      complete: async (request, options) => {
        const startedMs = this.#clock.monotonicMs();
        const answer = await serving.complete(request, options);
        const end = (pauses: number, last: Extract<Chunk, { kind: 'usage' }>): void =>
          this.#note(answer.model, { startedMs, pauses }, last);
        return { ...answer, chunks: new WatchedChunks(answer.chunks, end) };
      },
      embed: (request, options) => serving.embed(request, options),
      countTokens: (request, options) => serving.countTokens(request, options),
      models: () => serving.models(),
      readiness: () => serving.readiness(),
      stats: () => serving.stats(),
    };
  }

  #note(
    model: string,
    { startedMs, pauses }: { startedMs: number; pauses: number },
    { usage, servedBy = [] }: Extract<Chunk, { kind: 'usage' }>,
  ): void {
    this.#made += 1;
    const tookMs = this.#clock.monotonicMs() - startedMs;
    const tokens = usage.completionTokens;
    const atMs = this.#clock.nowMs();
    this.#ways.unshift({ id: this.#made, atMs, model, tookMs, tokens, pauses, servedBy });
    this.#ways.length = Math.min(this.#ways.length, PANEL_WAYS_MAX);
  }
}

type Result = IteratorResult<Chunk, undefined>;
type OnEnd = (pauses: number, last: Extract<Chunk, { kind: 'usage' }>) => void;

/** By hand and not by a generator: every token of every answer comes through here. */
class WatchedChunks implements AsyncIterable<Chunk>, AsyncIterator<Chunk, undefined> {
  readonly #chunks: AsyncIterator<Chunk>;
  readonly #onEnd: OnEnd;
  #pauses = 0;

  constructor(chunks: AsyncIterable<Chunk>, onEnd: OnEnd) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#onEnd = onEnd;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    const result = await this.#chunks.next();
    if (result.done) return { done: true, value: undefined };
    if (result.value.kind === 'pause') this.#pauses += 1;
    else if (result.value.kind === 'usage') this.#onEnd(this.#pauses, result.value);
    return result;
  }

  async return(): Promise<Result> {
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }
}
