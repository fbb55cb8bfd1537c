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
  /** The session failed at one of the seats, and that is not what it fails with. */
  failed: (failure: unknown) => void;
  /** Of the second one, where it did not win. */
  giveBack: (seat: S) => void;
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
  /** Ends with the session's signal, or when somebody has won. */
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  readonly #running = new Map<AsyncIterator<SessionEvent>, AbortController>();
  /** Asked beside the first one; to be given back. */
  #second: S | null = null;
  #askedSecond = false;
  readonly #failures = new Map<S, unknown>();

  constructor(plan: HedgePlan<S>, signal: AbortSignal) {
    this.#plan = plan;
    this.#signal = signal;
  }

  async winner(): Promise<Beginning<S>> {
    const first = this.#start(this.#plan.first);
    const second = this.#later(AbortSignal.any([this.#over.signal, this.#signal]));
    first.catch(() => this.#askedSecond || this.#over.abort());
    // Of the second none may come, or fail; then all rests on the first.
    const begun = await Promise.any([first, second]).catch(async () => await this.#bothFailed(first));
    this.#over.abort();
    for (const failure of this.#failures.values()) this.#plan.failed(failure);
    for (const [iterator, own] of this.#running) {
      if (iterator === begun.rest) continue;
      this.#running.delete(iterator);
      own.abort();
      void iterator.return?.()?.catch(() => undefined);
    }
    if (begun.seat === this.#second) this.#second = null;
    else this.#giveBack();
    this.#plan.won(begun.seat);
    return begun;
  }

  async leaveAll(): Promise<void> {
    this.#over.abort();
    for (const own of this.#running.values()) own.abort(this.#signal.reason);
    await Promise.allSettled([...this.#running.keys()].map((iterator) => iterator.return?.()));
    this.#giveBack();
  }

  /** The failure of the first one is the session's; that of the second is told beside it. */
  async #bothFailed(first: Promise<Beginning<S>>): Promise<Beginning<S>> {
    for (const [seat, failure] of this.#failures) if (seat !== this.#plan.first) this.#plan.failed(failure);
    return await first;
  }

  #giveBack(): void {
    if (this.#second !== null) this.#plan.giveBack(this.#second);
    this.#second = null;
  }

  async #later(signal: AbortSignal): Promise<Beginning<S>> {
    const { clock, lateMs, second, giveBack } = this.#plan;
    await clock.sleep(lateMs, { signal });
    this.#askedSecond = true;
    const seat = await second(signal);
    if (seat === null) throw new RangeError('there is no second seat');
    if (signal.aborted) {
      giveBack(seat);
      throw signal.reason;
    }
    this.#second = seat;
    return await this.#start(seat);
  }

  async #start(seat: S): Promise<Beginning<S>> {
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, this.#signal]);
    const rest = this.#plan.open(seat, signal)[Symbol.asyncIterator]();
    this.#running.set(rest, own);
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
