/** Notices a worker that lives but says nothing of a session. One timer a session, none a token. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import { STALL_CHECK_MS } from './limits.ts';

export class StallWatch implements Disposable {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #own = new AbortController();
  readonly #leave = (): void => this.#own.abort(this.#outer.reason);
  readonly #done = new AbortController();
  #sinceMs: number | null = null;
  #limitMs = 0;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#outer = signal;
    if (signal.aborted) this.#leave();
    signal.addEventListener('abort', this.#leave, { once: true });
    this.#check().catch(() => undefined);
  }

  /** Aborts with the outer signal, or with SERVE_STALLED. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Something is expected from the worker within `limitMs`. */
  expect(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#sinceMs = this.#clock.monotonicMs();
  }

  /** It is our turn, not the worker's. */
  rest(): void {
    this.#sinceMs = null;
  }

  [Symbol.dispose](): void {
    this.#outer.removeEventListener('abort', this.#leave);
    this.#done.abort();
  }

  async #check(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(STALL_CHECK_MS, { signal: this.#done.signal });
      if (this.#sinceMs === null) continue;
      const quietMs = Math.round(this.#clock.monotonicMs() - this.#sinceMs);
      if (quietMs <= this.#limitMs) continue;
      const message = `the worker has said nothing of this answer for ${quietMs} ms, not even that it waits`;
      this.#own.abort(new FilonError({ code: 'SERVE_STALLED', quietMs }, message));
      return;
    }
  }
}
