/**
 * The beginning of a session at one seat, and at a second one too when the first token is late. Whoever brings it goes on
 * alone: the other is left at once, which frees its slot.
 */
import type { SessionEvent } from '@filon/core/serving/session';
import type { Clock } from '../ports/clock.ts';

export interface HedgePlan<S> {
  clock: Clock;
  first: S;
  lateMs: number;
  /** null: there is none. */
  second: (signal: AbortSignal) => Promise<S | null>;
  open: (seat: S, signal: AbortSignal) => AsyncIterable<SessionEvent>;
  /** It goes on there. */
  won: (seat: S) => void;
  /** The session was left there, or failed there while the other one brought its first token. */
  lost: (seat: S, failure?: unknown) => void;
}

/** Up to its first token or its end; then the iterator that has the rest. */
interface Beginning<S> {
  seat: S;
  events: SessionEvent[];
  rest: AsyncIterator<SessionEvent>;
}

export async function* hedged<S>(plan: HedgePlan<S>, signal: AbortSignal): AsyncGenerator<SessionEvent> {
  const race = new Race(plan, signal);
  try {
    const { events, rest } = await race.winner();
    yield* events;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await race.leaveAll();
  }
}

class Race<S> {
  readonly #plan: HedgePlan<S>;
  readonly #signal: AbortSignal;
  readonly #over = new AbortController();
  readonly #failures = new Map<S, unknown>();
  #askedSecond = false;
  readonly #running = new Map<AsyncIterator<SessionEvent>, { seat: S; own: AbortController }>();

  constructor(plan: HedgePlan<S>, signal: AbortSignal) {
    this.#plan = plan;
    this.#signal = signal;
  }

  async winner(): Promise<Beginning<S>> {
    const first = this.#start(this.#plan.first);
    const second = this.#later();
    first.catch(() => this.#askedSecond || this.#over.abort());
    // Of the second none may come, or fail; then all rests on the first.
    const begun = await Promise.any([first, second]).catch(async () => await first);
    this.#over.abort();
    for (const [seat, failure] of this.#failures) this.#plan.lost(seat, failure);
    for (const [iterator, { seat, own }] of this.#running) {
      if (iterator === begun.rest) continue;
      this.#running.delete(iterator);
      own.abort();
      void iterator.return?.()?.catch(() => undefined);
      this.#plan.lost(seat);
    }
    this.#plan.won(begun.seat);
    return begun;
  }

  async leaveAll(): Promise<void> {
    this.#over.abort();
    for (const { own } of this.#running.values()) own.abort(this.#signal.reason);
    await Promise.allSettled([...this.#running.keys()].map((iterator) => iterator.return?.()));
  }

  async #later(): Promise<Beginning<S>> {
    const { clock, lateMs, second } = this.#plan;
    await clock.sleep(lateMs, { signal: this.#over.signal });
    this.#askedSecond = true;
    const seat = await second(this.#over.signal);
    if (seat === null) throw new RangeError('there is no second seat');
    if (this.#over.signal.aborted) {
      this.#plan.lost(seat);
      throw this.#over.signal.reason;
    }
    return await this.#start(seat);
  }

  async #start(seat: S): Promise<Beginning<S>> {
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, this.#signal]);
    const rest = this.#plan.open(seat, signal)[Symbol.asyncIterator]();
    this.#running.set(rest, { seat, own });
    try {
      const events: SessionEvent[] = [];
      for (;;) {
        const { done, value } = await rest.next();
        if (done) return { seat, events, rest };
        events.push(value);
        if (value.kind !== 'prefilled') return { seat, events, rest };
      }
    } catch (error) {
      this.#running.delete(rest);
      this.#failures.set(seat, error);
      throw error;
    }
  }
}
