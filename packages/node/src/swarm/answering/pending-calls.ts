/** Calls to a seat elsewhere that wait for their answer. */
import type { SeatTell } from '@filon/core/answering/answer-messages';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';

type Outcome = { tell: SeatTell } | { error: unknown };

export interface CallOptions extends Waiting {
  timeoutMs: number;
}

export class PendingCalls {
  readonly #clock: Clock;
  /** Ends all of them. */
  readonly #life: AbortSignal;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #count = 0;

  /** What a call fails with that is not answered in time. */
  readonly #late: (timeoutMs: number) => unknown;

  constructor(clock: Clock, options: { life: AbortSignal; late: (timeoutMs: number) => unknown }) {
    this.#clock = clock;
    this.#life = options.life;
    this.#late = options.late;
  }

  async make(ask: (call: number) => Promise<void>, options: CallOptions): Promise<SeatTell> {
    const call = this.#count++;
    const { signal, timeoutMs } = options;
    const { promise, resolve, reject } = Promise.withResolvers<SeatTell>();
    const over = new AbortController();
    const ended = AbortSignal.any([signal, this.#life]);
    ended.throwIfAborted();
    const leave = (): void => reject(ended.reason);
    ended.addEventListener('abort', leave, { once: true });
    this.#waiting.set(call, (outcome) => ('tell' in outcome ? resolve(outcome.tell) : reject(outcome.error)));
    this.#clock.sleep(timeoutMs, { signal: over.signal }).then(
      () => reject(this.#late(timeoutMs)),
      () => undefined,
    );
    try {
      await Promise.race([ask(call), promise]);
      return await promise;
    } finally {
      ended.removeEventListener('abort', leave);
      this.#waiting.delete(call);
      over.abort();
    }
  }

  /** An answer to a call that was given up is none; null, or what is wrong with it. */
  settle(call: number, outcome: Outcome): string | null {
    if (call >= this.#count) return 'an answer to a call that was not made';
    this.#waiting.get(call)?.(outcome);
    return null;
  }
}
