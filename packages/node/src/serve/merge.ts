/** Several sources as one, each asked for one value at a time, so that a slow reader holds all of them back. */

interface Settled<T> {
  source: AsyncIterator<T>;
  result: IteratorResult<T> | null;
  error: unknown;
}

export class Merge<T> {
  readonly #sources = new Set<AsyncIterator<T>>();
  readonly #settled: Settled<T>[] = [];
  readonly #onLeave: () => void;
  #wake: (() => void) | null = null;

  /** `onLeave` must make the sources' pending values settle: they are waited for when the merge ends early. */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
  }

  /** May be called while the merged values are being read. */
  add(values: AsyncIterable<T>): void {
    const source = values[Symbol.asyncIterator]();
    this.#sources.add(source);
    this.#ask(source);
  }

  /** Ends when every source has; throws what the first of them throws, and leaves the others. */
  async *values(): AsyncGenerator<T> {
    try {
      while (this.#sources.size > 0) {
        const next = this.#settled.shift();
        if (next === undefined) await this.#anySettled();
        else if (next.result === null) throw next.error;
        else if (next.result.done) this.#sources.delete(next.source);
        else {
          yield next.result.value;
          this.#ask(next.source);
        }
      }
    } finally {
      this.#onLeave();
      await Promise.allSettled([...this.#sources].map((source) => source.return?.()));
    }
  }

  #ask(source: AsyncIterator<T>): void {
    source.next().then(
      (result) => this.#settle({ source, result, error: null }),
      (error: unknown) => this.#settle({ source, result: null, error }),
    );
  }

  #settle(settled: Settled<T>): void {
    this.#settled.push(settled);
    this.#wake?.();
    this.#wake = null;
  }

  #anySettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
