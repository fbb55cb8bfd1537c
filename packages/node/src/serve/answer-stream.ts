/** Chunks with an owner: whatever way the reading ends, and even if it never begins, what the answer holds is let go. */
import type { Chunk } from '@filon/core/serving/completion';

export interface AnswerOwner {
  readonly signal: AbortSignal;
  /** Makes pending work end. */
  abandon(): void;
  /** Called once, when no work is left. */
  close(): void;
}

export class AnswerStream implements AsyncIterable<Chunk>, AsyncIterator<Chunk, undefined> {
  readonly #chunks: AsyncGenerator<Chunk>;
  readonly #owner: AnswerOwner;
  #over = false;
  #closing: Promise<void> | null = null;

  constructor(chunks: AsyncGenerator<Chunk>, owner: AnswerOwner) {
    this.#chunks = chunks;
    this.#owner = owner;
    owner.signal.addEventListener('abort', () => void this.#close().catch(() => undefined), { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Throws the signal's reason when the answer was cut off, so that no part passes for a whole. */
  async next(): Promise<IteratorResult<Chunk, undefined>> {
    try {
      const result = await this.#chunks.next();
      if (!result.done) return result;
      if (!this.#over) this.#owner.signal.throwIfAborted();
      return await this.return();
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<{ done: true; value: undefined }> {
    this.#over = true;
    await this.#close();
    return { done: true, value: undefined };
  }

  #close(): Promise<void> {
    this.#closing ??= this.#letGo();
    return this.#closing;
  }

  async #letGo(): Promise<void> {
    this.#owner.abandon();
    try {
      await this.#chunks.return(undefined);
    } finally {
      this.#owner.close();
    }
  }
}
