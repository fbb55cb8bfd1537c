/** Decides, failure by failure, whether a piece of work may be tried again. */
import { isFilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import { BEGUN_RETRIES_MAX, DEATHS_MAX, LOSSES_MAX, RETRIES_MAX, RETRY_FIRST_MS } from './limits.ts';
import type { Presence } from './suspects.ts';

/** A slot is given back a moment after its session ended; a restarted worker has nothing loaded. */
const PASSING = new Set(['ENGINE_SLOTS_FULL', 'ENGINE_MODEL_NOT_LOADED', 'REPLICA_LOST']);
const DEATHS = new Set(['ENGINE_WORKER_DIED', 'SERVE_STALLED']);
/** There is no room now; an answer that has begun waits for some. */
const FULL = new Set(['SERVE_ROUTE_NONE', 'SERVE_QUEUE_FULL', 'SERVE_MODELS_BUSY', 'REPLICA_REFUSED']);

export interface FailedAt {
  /** The work was in the worker at the time. */
  inside: boolean;
  /** Something of the answer was sent. */
  begun?: boolean;
  signal: AbortSignal;
}

export class Attempts {
  readonly #presence: Presence;
  readonly #clock: Clock;
  #deaths: number;
  #losses = 0;
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

  /** The work failed somewhere, but went on or failed elsewhere as well. A death of a worker counts. */
  died(failure: unknown): void {
    if (!isFilonError(failure) || !DEATHS.has(failure.code)) return;
    this.#deaths += 1;
    this.#presence.died(this.#deaths);
  }

  /**
   * Returns when the work may be tried again, and whether a worker died or a node was lost with it inside; otherwise
   * throws what to tell the client. Codes: SERVE_QUARANTINED, or the failure itself.
   */
  async again(failure: unknown, at: FailedAt): Promise<'after a death' | 'after a pause'> {
    at.signal.throwIfAborted();
    if (!isFilonError(failure)) throw failure;
    if (at.inside && DEATHS.has(failure.code)) {
      this.died(failure);
      if (this.#deaths >= DEATHS_MAX) throw this.#presence.giveUp(this.#deaths, failure);
      return 'after a death';
    }
    if (at.inside && failure.code === 'REPLICA_LOST') {
      // A link that broke says less than a worker that died: nothing of the prompt is held against it.
      this.#losses += 1;
      if (this.#losses >= LOSSES_MAX) throw this.#presence.giveUp(this.#losses, failure);
      return 'after a death';
    }
    if (this.#retries >= this.#retriesMax(failure.code, at)) throw failure;
    await this.#clock.sleep(RETRY_FIRST_MS * 2 ** this.#retries, at);
    this.#retries += 1;
    return 'after a pause';
  }

  #retriesMax(code: string, { inside, begun = false }: FailedAt): number {
    if (begun && FULL.has(code)) return BEGUN_RETRIES_MAX;
    // The node gave a seat, and then no room for what was asked there: another one may have some.
    if (inside && code === 'REPLICA_REFUSED') return RETRIES_MAX;
    return PASSING.has(code) || DEATHS.has(code) ? RETRIES_MAX : 0;
  }
}

/** What runs at a seat that may be lost: `enter` finds the next one. */
export interface Restartable<S, T> {
  enter: (signal: AbortSignal) => Promise<S>;
  work: (seat: S) => Promise<T>;
  failed: (seat: S, failure: unknown) => void;
  /** Whether it failed only because of where that seat is, and `enter` finds another one. */
  isElsewhere: (seat: S, failure: unknown) => Promise<boolean>;
}

/** Short work (no partial results), tried again after deaths within the limits of {@link Attempts}. */
export async function withAttempts<S, T>(
  task: Restartable<S, T>,
  attempts: Attempts,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    let seat: S | null = null;
    try {
      seat = await task.enter(signal);
      return await task.work(seat);
    } catch (error) {
      if (seat !== null && (await task.isElsewhere(seat, error))) continue;
      if (seat !== null) task.failed(seat, error);
      await attempts.again(error, { inside: seat !== null, signal });
    }
  }
}
