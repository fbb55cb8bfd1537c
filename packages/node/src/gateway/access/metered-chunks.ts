/**
 * The chunks of an answer, counted. What the answer came to is on the disk before its last end is handed on; a reader
 * that leaves pays for what was computed until then.
 */
import type { Chunk } from '@filon/core/serving/completion';
import type { Hold } from '../../access/meter.ts';
import type { Answer } from '../../serve/serving.ts';

export interface MeteredChunksOptions {
  hold: Hold;
  choices: number;
  signal: AbortSignal;
  /** What a reader that left had used could not be counted. */
  onLost: (error: unknown) => void;
}

type Result = IteratorResult<Chunk, undefined>;

export class MeteredChunks implements AsyncIterable<Chunk>, AsyncIterator<Chunk, undefined> {
  readonly #usage: Answer['usage'];
  readonly #chunks: AsyncIterator<Chunk>;
  readonly #options: MeteredChunksOptions;
  readonly #leave = (): void => this.#left();
  #ready: Chunk | null = null;
  #ended = 0;
  #begun = false;

  constructor(answer: Answer, options: MeteredChunksOptions) {
    this.#usage = answer.usage;
    this.#chunks = answer.chunks[Symbol.asyncIterator]();
    this.#options = options;
    options.signal.addEventListener('abort', this.#leave, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    const ready = this.#ready;
    this.#ready = null;
    if (ready !== null) return { done: false, value: ready };
    this.#begun = true;
    const result = await this.#pull();
    if (result.done || result.value.kind !== 'end') return result;
    this.#ended += 1;
    if (this.#ended < this.#options.choices) return result;
    // The usage comes next, and is counted before anybody hears of the end.
    const last = await this.#pull();
    if (!last.done) this.#ready = last.value;
    return result;
  }

  async return(): Promise<Result> {
    try {
      await this.#chunks.return?.();
    } finally {
      this.#left();
    }
    return { done: true, value: undefined };
  }

  async #pull(): Promise<Result> {
    try {
      const result = await this.#chunks.next();
      if (result.done) this.#left();
      else if (result.value.kind === 'usage') this.#settle(result.value.usage);
      return result.done ? { done: true, value: undefined } : result;
    } catch (error) {
      this.#left();
      throw error;
    }
  }

  #settle(usage: Answer['usage']): void {
    this.#options.hold.settle(usage);
    this.#options.signal.removeEventListener('abort', this.#leave);
  }

  /** A prompt alone costs nothing where it was we who failed, or where nobody ever read. */
  #left(): void {
    const { hold, signal, onLost } = this.#options;
    const owed = this.#begun && (this.#usage.completionTokens > 0 || signal.aborted);
    try {
      if (owed) this.#settle(this.#usage);
    } catch (error) {
      onLost(error);
    }
    hold.release();
    signal.removeEventListener('abort', this.#leave);
  }
}
