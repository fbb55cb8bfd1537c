/**
 * Who may compute now. Each model has as many slots as its worker decodes together; behind them stands one bounded
 * queue, first come first served. Beyond it the answer is no, at once, with an honest estimate.
 */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';
import type { QueuePlace } from '../ports/replicas.ts';
import {
  ESTIMATE_MAX_MS,
  GUEST_QUEUE_SHARE,
  RETRY_AFTER_MAX_SECONDS,
  SERVICE_GUESS_MS,
  SERVICE_MEAN_WEIGHT,
} from './limits.ts';
import { withTimeout } from './timeout.ts';

export interface Ticket {
  /** Slots held: at least one. */
  readonly slots: number;
  /** Takes up to `more` further slots, as far as they are free and nobody waits for them. */
  grow(more: number): void;
  /**
   * Gives the slots back and waits for one again, where it would stand if it had waited all along; no longer in all than
   * it may, but for one that was `served` meanwhile. Codes: as `admit`.
   */
  again(options: Pick<AdmitOptions, 'signal'> & { served: boolean }): Promise<void>;
  release(): void;
}

interface Waiter {
  /** When it came, counted. */
  order: number;
  guest: boolean;
  /** The place that it was told last. */
  told: number;
  onQueued: ((place: QueuePlace) => void) | undefined;
  grant(): void;
  refuse(error: unknown): void;
}

export interface AdmitOptions {
  signal: AbortSignal;
  /** Of a peer: it waits behind this node's own requests, and peers fill a share of the queue at most. */
  guest?: boolean;
  /** Told when it begins to wait and whenever its place changes. */
  onQueued?: ((place: QueuePlace) => void) | undefined;
}

interface Lane {
  slots: number;
  held: number;
  waiting: Waiter[];
  meanServiceMs: number;
}

interface Coming {
  order: number;
  sinceMs: number;
  /** It had a place in the queue; that is not taken from it by those who came later. */
  waited: boolean;
}

export interface AdmissionOptions {
  clock: Clock;
  queueMax: number;
  queueWaitMs: number;
  slots: number;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #lanes = new Map<string, Lane>();
  #came = 0;
  #active = 0;
  #queued = 0;
  #admitted = 0;
  #refused = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Waits for a slot of `model`. Codes: SERVE_QUEUE_FULL (at once), SERVE_QUEUE_TIMEOUT. */
  async admit(model: string, options: AdmitOptions): Promise<Ticket> {
    options.signal.throwIfAborted();
    const lane = this.#lane(model);
    const sinceMs = this.#options.clock.monotonicMs();
    const coming: Coming = { order: this.#came++, sinceMs, waited: false };
    if (lane.held < lane.slots && lane.waiting.length === 0) lane.held += 1;
    else await this.#queue(lane, options, coming);
    this.#admitted += 1;
    this.#active += 1;
    return this.#ticket(lane, coming);
  }

  /** A model turned out to decode fewer or more sessions together than was thought. */
  resize(model: string, slots: number): void {
    const lane = this.#lane(model);
    lane.slots = slots;
    this.#wake(lane);
  }

  /** Sends everybody home who has no slot yet. */
  refuseWaiting(error: unknown): void {
    for (const lane of this.#lanes.values()) for (const waiter of [...lane.waiting]) waiter.refuse(error);
  }

  /** What a new request for `model` would find. */
  load(model: string): { active: number; queued: number; queueMs: number } {
    const lane = this.#lanes.get(model);
    if (!lane) return { active: 0, queued: 0, queueMs: 0 };
    const queued = lane.waiting.length;
    const waits = queued > 0 || lane.held >= lane.slots;
    return { active: lane.held, queued, queueMs: waits ? waitMs(lane, queued + 1) : 0 };
  }

  stats(): { active: number; queued: number; queueMax: number; admitted: number; refused: number } {
    const { queueMax } = this.#options;
    return {
      active: this.#active,
      queued: this.#queued,
      queueMax,
      admitted: this.#admitted,
      refused: this.#refused,
    };
  }

  #lane(model: string): Lane {
    const known = this.#lanes.get(model);
    if (known) return known;
    const { slots } = this.#options;
    const lane = { slots, held: 0, waiting: [], meanServiceMs: SERVICE_GUESS_MS };
    this.#lanes.set(model, lane);
    return lane;
  }

  #checkRoom(lane: Lane, guest: boolean): void {
    const { queueMax } = this.#options;
    if (this.#queued < (guest ? Math.ceil(queueMax * GUEST_QUEUE_SHARE) : queueMax)) return;
    this.#refused += 1;
    throw queueFull(lane);
  }

  async #queue(lane: Lane, { signal, guest = false, onQueued }: AdmitOptions, coming: Coming): Promise<void> {
    if (!coming.waited) this.#checkRoom(lane, guest);
    coming.waited = true;
    const { order, sinceMs } = coming;
    const { queueWaitMs, clock } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { order, guest, told: 0, onQueued, grant: resolve, refuse: reject };
    const next = lane.waiting.findIndex((other) => isBefore(waiter, other));
    lane.waiting.splice(next < 0 ? lane.waiting.length : next, 0, waiter);
    this.#queued += 1;
    tellPlaces(lane);
    try {
      const timeoutMs = Math.max(0, queueWaitMs - (clock.monotonicMs() - sinceMs));
      await withTimeout(() => promise, { clock, signal, timeoutMs, what: 'a free slot' });
    } catch (error) {
      const place = lane.waiting.indexOf(waiter);
      // Granted and given up in the same turn: the slot goes on to the next one.
      if (place < 0) this.#giveBack(lane, 1);
      else {
        lane.waiting.splice(place, 1);
        tellPlaces(lane);
      }
      if (error instanceof FilonError && error.code === 'SERVE_TIMEOUT')
        throw queueTimeout(lane, queueWaitMs);
      throw error;
    } finally {
      this.#queued -= 1;
    }
  }

  #ticket(lane: Lane, coming: Coming): Ticket {
    const { clock } = this.#options;
    let startedMs = clock.monotonicMs();
    let slots = 1;
    return {
      get slots() {
        return slots;
      },
      grow: (more) => {
        const free = lane.waiting.length > 0 ? 0 : Math.max(0, lane.slots - lane.held);
        const taken = Math.min(more, free);
        lane.held += taken;
        slots += taken;
      },
      again: async ({ served, ...options }) => {
        this.#active -= 1;
        if (served) coming.sinceMs = clock.monotonicMs();
        // It stands there before its slot is given to the next one.
        const waiting = this.#queue(lane, options, coming);
        this.#giveBack(lane, slots);
        slots = 0;
        await waiting;
        slots = 1;
        startedMs = clock.monotonicMs();
        this.#active += 1;
      },
      release: () => {
        if (slots === 0) return;
        const tookMs = clock.monotonicMs() - startedMs;
        lane.meanServiceMs += (tookMs - lane.meanServiceMs) * SERVICE_MEAN_WEIGHT;
        this.#active -= 1;
        this.#giveBack(lane, slots);
        slots = 0;
      },
    };
  }

  #giveBack(lane: Lane, slots: number): void {
    lane.held -= slots;
    this.#wake(lane);
  }

  #wake(lane: Lane): void {
    while (lane.held < lane.slots) {
      const next = lane.waiting.shift();
      if (!next) return;
      lane.held += 1;
      next.grant();
      tellPlaces(lane);
    }
  }
}

function isBefore(one: Waiter, other: Waiter): boolean {
  return one.guest === other.guest ? one.order < other.order : other.guest;
}

function tellPlaces(lane: Lane): void {
  for (const [index, waiter] of lane.waiting.entries()) {
    const position = index + 1;
    if (waiter.told === position) continue;
    waiter.told = position;
    waiter.onQueued?.({ position, estimateMs: waitMs(lane, position) });
  }
}

function waitMs(lane: Lane, position: number): number {
  return Math.min(ESTIMATE_MAX_MS, (position * lane.meanServiceMs) / Math.max(1, lane.slots));
}

/** Seconds until somebody at this place of the queue has a slot, from the measured length of requests. */
function waitSeconds(lane: Lane, position: number): number {
  const seconds = Math.ceil(waitMs(lane, position) / 1000);
  return Math.min(RETRY_AFTER_MAX_SECONDS, Math.max(1, seconds));
}

function queueFull(lane: Lane): FilonError {
  const position = lane.waiting.length + 1;
  const retryAfterSeconds = waitSeconds(lane, position);
  return new FilonError(
    { code: 'SERVE_QUEUE_FULL', position, retryAfterSeconds },
    `the queue is full: this request would be number ${position}; try again in about ${retryAfterSeconds} s`,
  );
}

function queueTimeout(lane: Lane, waitedMs: number): FilonError {
  const retryAfterSeconds = waitSeconds(lane, lane.waiting.length + 1);
  return new FilonError(
    { code: 'SERVE_QUEUE_TIMEOUT', waitedMs, retryAfterSeconds },
    `no slot became free within ${Math.round(waitedMs / 1000)} s; try again in about ${retryAfterSeconds} s`,
  );
}
