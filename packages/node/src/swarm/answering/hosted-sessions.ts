/** The sessions that a peer runs at one seat of this node. */
import type { SessionWanted } from '@filon/core/answering/session-schemas';
import { FilonError } from '@filon/core/errors';
import type { Seat } from '../../ports/replicas.ts';
import { misused } from './answer-errors.ts';
import type { AnswerLimits, Guest } from './answer-limits.ts';
import type { SeatOutbox } from './seat-outbox.ts';
import { toldFailure } from './told-failure.ts';

export interface HostedSessionsPlan {
  model: string;
  seat: Seat;
  /** Of the seat, in the names of its sessions. */
  name: string;
  scopeOf: (scope: Uint8Array) => string;
  /** A prompt is in its cache from now on, in that scope. */
  onRead: (scope: Uint8Array) => void;
  outbox: SeatOutbox;
  limits: AnswerLimits;
  guest: Guest;
  signal: AbortSignal;
}

interface Opened {
  session: number;
  scope: Uint8Array;
  /** null: it comes to nothing, and the peer knows why. */
  wanted: SessionWanted | Promise<SessionWanted | null>;
}

interface Running {
  own: AbortController;
  over: Promise<void>;
}

export class HostedSessions {
  readonly #plan: HostedSessionsPlan;
  readonly #running = new Map<number, Running>();
  /** Cancelled, and not out of their slots yet. */
  readonly #leaving = new Set<Promise<void>>();
  #opened = -1;

  constructor(plan: HostedSessionsPlan) {
    this.#plan = plan;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Codes: ANSWER_MISUSED. */
  open(ask: Opened): void {
    if (ask.session <= this.#opened) throw misused('its sessions do not count up');
    this.#opened = ask.session;
    const own = new AbortController();
    const over = this.#run(ask, own.signal).finally(() => this.#running.delete(ask.session));
    this.#running.set(ask.session, { own, over });
  }

  /** One that has ended is none any more, and who cancels twice leaves no more room than who does once. */
  cancel(session: number): void {
    const running = this.#running.get(session);
    if (!running || running.own.signal.aborted) return;
    running.own.abort();
    const left = running.over.finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ over }) => over));
  }

  /** Never rejects. */
  async #run({ session, scope, wanted: wish }: Opened, own: AbortSignal): Promise<void> {
    const { model, seat, name, scopeOf, onRead, outbox, limits, guest } = this.#plan;
    const isFull = this.#running.size - this.#leaving.size >= seat.slots;
    const signal = AbortSignal.any([own, this.#plan.signal]);
    try {
      if (isFull) throw slotsFull(model, seat.slots);
      const wanted = await wish;
      if (wanted === null || signal.aborted) return;
      using _ = limits.open(guest, wanted.promptTokens + wanted.maxTokens);
      limits.spend(guest, 'prompt', wanted.tokens.length);
      // A slot that was given up a moment ago is free a moment later.
      await Promise.all([...this.#leaving]);
      const request = { ...wanted, model, session: `${name}.${session}`, scope: scopeOf(scope) };
      for await (const sign of seat.open(request, { signal })) {
        if (sign.kind === 'prefilled') onRead(scope);
        await outbox.sign(session, sign);
      }
    } catch (error) {
      if (!signal.aborted) outbox.say({ kind: 'ended', session, ...toldFailure(error) });
    }
  }
}

function slotsFull(model: string, sessionsMax: number): FilonError {
  return new FilonError(
    { code: 'ENGINE_SLOTS_FULL', model, sessionsMax },
    `all ${sessionsMax} slots of this seat are taken`,
  );
}
