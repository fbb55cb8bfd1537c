/** An answer in memory while it runs: its chunks so far, and whoever follows them, each at a pace of their own. */
import { orAborted } from '@filon/core/abort';
import { FilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import type { IndexedChunk } from './durable-answers.ts';
import type { DurableErrorDetails } from './errors.ts';
import { RUNNING_RETRY_SECONDS } from './limits.ts';

export interface FollowersRule {
  followersMax: number;
  /** The last follower has left before the end. */
  onLeft: () => void;
}

export class LiveAnswer {
  readonly chunks: Chunk[];
  readonly #rule: FollowersRule;
  #followers = 0;
  #wasFollowed = false;
  #ended: { error: unknown } | null = null;
  #news = Promise.withResolvers<void>();

  /** `chunks`: those of earlier processes. */
  constructor(chunks: Chunk[], rule: FollowersRule) {
    this.chunks = chunks;
    this.#rule = rule;
  }

  get followers(): number {
    return this.#followers;
  }

  get wasFollowed(): boolean {
    return this.#wasFollowed;
  }

  publish(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) this.chunks.push(chunk);
    this.#tell();
  }

  /** null: the answer is whole; otherwise followers get the error when they have every chunk. */
  end(error: unknown): void {
    this.#ended ??= { error };
    this.#tell();
  }

  /** Codes: ANSWER_FOLLOWERS_FULL, the signal's reason, the error of the end. */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<IndexedChunk> {
    this.#enter();
    try {
      for (let index = Math.max(0, after + 1); ; index++) {
        while (index >= this.chunks.length && this.#ended === null) {
          await orAborted(this.#news.promise, signal);
        }
        signal.throwIfAborted();
        const chunk = this.chunks[index];
        if (chunk === undefined) break;
        yield { index, chunk };
      }
      if (this.#ended !== null && this.#ended.error !== null) throw this.#ended.error;
    } finally {
      this.#followers -= 1;
      if (this.#followers === 0 && this.#ended === null) this.#rule.onLeft();
    }
  }

  #enter(): void {
    const { followersMax } = this.#rule;
    if (this.#followers >= followersMax) {
      const retryAfterSeconds = RUNNING_RETRY_SECONDS;
      throw new FilonError<DurableErrorDetails>(
        { code: 'ANSWER_FOLLOWERS_FULL', followersMax, retryAfterSeconds },
        `${followersMax} connections follow this answer already; close one of them`,
      );
    }
    this.#followers += 1;
    this.#wasFollowed = true;
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers<void>();
    resolve();
  }
}
