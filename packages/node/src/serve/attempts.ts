/** Decides, failure by failure, whether a piece of work may be tried again. */
import { isFilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import { DEATHS_MAX, RETRIES_MAX, RETRY_FIRST_MS } from './limits.ts';
import type { Presence } from './suspects.ts';

/** A slot is given back a moment after its session ended; a restarted worker has nothing loaded. */
const PASSING = new Set(['ENGINE_SLOTS_FULL', 'ENGINE_MODEL_NOT_LOADED']);
const DEATHS = new Set(['ENGINE_WORKER_DIED', 'SERVE_STALLED']);

export class Attempts {
  readonly #presence: Presence;
  readonly #clock: Clock;
  #deaths: number;
  #retries = 0;

  constructor(presence: Presence, clock: Clock) {
    this.#presence = presence;
    this.#clock = clock;
    this.#deaths = presence.before;
  }

  /** The work came to its own end. */
  done(): void {
    this.#presence.survived();
  }

  /**
   * Returns when the work may be tried again, and whether a worker died; otherwise throws what to tell the client.
   * `inside`: the work was in the worker at the time. Codes: SERVE_QUARANTINED, or the failure itself.
   */
  async again(
    failure: unknown,
    options: { inside: boolean; signal: AbortSignal },
  ): Promise<'after a death' | 'after a pause'> {
    options.signal.throwIfAborted();
    if (!isFilonError(failure)) throw failure;
    if (options.inside && DEATHS.has(failure.code)) {
      this.#deaths += 1;
      this.#presence.died(this.#deaths);
      if (this.#deaths >= DEATHS_MAX) throw this.#presence.giveUp(this.#deaths, failure);
      return 'after a death';
    }
    const passing = PASSING.has(failure.code) || DEATHS.has(failure.code);
    if (!passing || this.#retries >= RETRIES_MAX) throw failure;
    await this.#clock.sleep(RETRY_FIRST_MS * 2 ** this.#retries, options);
    this.#retries += 1;
    return 'after a pause';
  }
}

/** What runs against a worker that may die: `ready` loads again what a death took away. */
export interface Restartable<R, T> {
  ready: (signal: AbortSignal) => Promise<R>;
  work: (ready: R) => Promise<T>;
}

/** Short work (no partial results), tried again after deaths within the limits of {@link Attempts}. */
export async function withAttempts<R, T>(
  task: Restartable<R, T>,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    let inside = false;
    try {
      const ready = await task.ready(signal);
      inside = true;
      return await task.work(ready);
    } catch (error) {
      await attempts.again(error, { inside, signal });
    }
  }
}
