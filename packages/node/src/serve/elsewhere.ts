/**
 * How many requests of this node ask for places elsewhere at the same time. Those that find all places full wait here, in
 * the queue that everybody waits in, and as many ask as places have become free: one for each that was given back, and one
 * now and then in case that others gave some back.
 */
import type { Clock } from '../ports/clock.ts';
import type { Admission, Ticket } from './admit.ts';
import { ASKING_MAX, FULL_RETRY_MAX_MS, FULL_RETRY_MIN_MS } from './limits.ts';

/** Held by a request from before it asks until its seat is given back. */
export interface Pass extends Disposable {
  /** It has a seat. */
  seated(): void;
  /** All places were full; resolves when it is its turn to ask again. Codes: SERVE_QUEUE_TIMEOUT, the signal's reason. */
  full(retryMs: number, signal: AbortSignal): Promise<void>;
}

interface Lane {
  model: string;
  name: string;
  seated: number;
  /** Requests beyond those that may ask now. */
  room: number;
  isFull: boolean;
  /** Whether whoever asks does so on the chance that more is free. */
  isTrial: boolean;
  /** Somebody looks after it. */
  isWatched: boolean;
}

export class Elsewhere implements Disposable {
  readonly #admission: Admission;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  /** By model, those at which somebody asks, sits or waits. */
  readonly #lanes = new Map<string, Lane>();

  constructor(deps: { admission: Admission; clock: Clock }) {
    this.#admission = deps.admission;
    this.#clock = deps.clock;
  }

  /** null: it would have to wait, and does not. Codes: SERVE_QUEUE_FULL, SERVE_QUEUE_TIMEOUT, the signal's reason. */
  async enter(
    model: string,
    { waits, signal }: { waits: boolean; signal: AbortSignal },
  ): Promise<Pass | null> {
    const lane = this.#lane(model);
    if (!waits && this.#admission.load(lane.name).queueMs > 0) return null;
    const ticket = await this.#admission.admit(lane.name, { signal });
    return this.#pass(lane, ticket);
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  #lane(model: string): Lane {
    const name = `elsewhere ${model}`;
    const known = this.#lanes.get(model);
    if (known) return known;
    const flags = { isFull: false, isTrial: false, isWatched: false };
    const lane = { model, name, seated: 0, room: ASKING_MAX, ...flags };
    this.#lanes.set(model, lane);
    this.#resize(lane);
    return lane;
  }

  #pass(lane: Lane, ticket: Ticket): Pass {
    let isSeated = false;
    const leave = (): void => {
      if (!isSeated) return;
      isSeated = false;
      lane.seated -= 1;
      lane.room = Math.min(ASKING_MAX, lane.room + 1);
      this.#resize(lane);
    };
    return {
      seated: () => {
        if (isSeated) return;
        isSeated = true;
        lane.seated += 1;
        if (lane.isFull && !lane.isTrial) lane.room = Math.max(0, lane.room - 1);
        this.#resize(lane);
      },
      full: async (retryMs, signal) => {
        const served = isSeated;
        leave();
        Object.assign(lane, { room: 0, isFull: true, isTrial: false });
        this.#resize(lane);
        if (!lane.isWatched) this.#watch(lane, retryMs).catch(() => undefined);
        await ticket.again({ signal, served });
      },
      [Symbol.dispose]: () => {
        leave();
        ticket.release();
        this.#forget(lane);
      },
    };
  }

  /** Until nobody waits. */
  async #watch(lane: Lane, retryMs: number): Promise<void> {
    lane.isWatched = true;
    for (;;) {
      const pauseMs = Math.min(FULL_RETRY_MAX_MS, Math.max(FULL_RETRY_MIN_MS, retryMs));
      await this.#clock.sleep(pauseMs, { signal: this.#closing.signal });
      if (this.#admission.load(lane.name).queued === 0) break;
      lane.isTrial = true;
      lane.room = Math.max(1, lane.room);
      this.#resize(lane);
    }
    Object.assign(lane, { room: ASKING_MAX, isFull: false, isTrial: false, isWatched: false });
    this.#resize(lane);
    this.#forget(lane);
  }

  #forget({ model, name, isWatched }: Lane): void {
    const { active, queued } = this.#admission.load(name);
    if (active === 0 && queued === 0 && !isWatched) this.#lanes.delete(model);
  }

  #resize({ name, seated, room }: Lane): void {
    this.#admission.resize(name, seated + room);
  }
}
