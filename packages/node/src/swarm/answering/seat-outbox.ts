/**
 * What a seat's node has to say, sent in order. Signs of one session that are drawn while others are on their way go in
 * one message; a peer that reads slowly holds the engine up, and one that reads nothing loses the seat.
 */
import { type SeatTell, seatTells } from '@filon/core/answering/answer-messages';
import { SIGNS_MAX } from '@filon/core/answering/limits';
import type { SessionSign } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import type { Channel } from '../../ports/network.ts';
import { OUTBOX_SIGNS_MAX } from './answer-constants.ts';

export interface OutboxDeps {
  clock: Clock;
  /** Ends the sending. */
  signal: AbortSignal;
  /** The channel takes no more. */
  onFailed: (error: unknown) => void;
}

export class SeatOutbox {
  readonly #channel: Channel;
  readonly #deps: OutboxDeps;
  #waiting: SeatTell[] = [];
  #signs = 0;
  #sending: Promise<void> | null = null;
  #sinceMs: number | null = null;
  #lastMs: number;
  #room = Promise.withResolvers<void>();

  constructor(channel: Channel, deps: OutboxDeps) {
    this.#channel = channel;
    this.#deps = deps;
    this.#lastMs = deps.clock.monotonicMs();
  }

  /** For how long the message that is under way has been; 0: none is. */
  get stalledMs(): number {
    return this.#sinceMs === null ? 0 : this.#deps.clock.monotonicMs() - this.#sinceMs;
  }

  /** For how long nothing was said. */
  get quietMs(): number {
    return this.#sending !== null ? 0 : this.#deps.clock.monotonicMs() - this.#lastMs;
  }

  say(tell: SeatTell): void {
    this.#waiting.push(tell);
    this.#start();
  }

  /** Resolves when more may follow. */
  async sign(session: number, sign: SessionSign): Promise<void> {
    const last = this.#waiting.at(-1);
    this.#signs += 1;
    if (last?.kind === 'signs' && last.session === session && last.signs.length < SIGNS_MAX) {
      last.signs.push(sign);
    } else this.say({ kind: 'signs', session, signs: [sign] });
    while (this.#signs >= OUTBOX_SIGNS_MAX && !this.#deps.signal.aborted) await this.#room.promise;
  }

  #start(): void {
    if (this.#sending !== null || this.#deps.signal.aborted) return;
    this.#sending = this.#send().finally(() => {
      this.#sending = null;
      this.#lastMs = this.#deps.clock.monotonicMs();
    });
  }

  async #send(): Promise<void> {
    const { clock, signal, onFailed } = this.#deps;
    try {
      // What else this turn brings goes along.
      await new Promise((resolve) => setImmediate(resolve));
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#sinceMs = clock.monotonicMs();
        await this.#channel.send(seatTells.encode(next), { signal });
        if (next.kind === 'signs') this.#free(next.signs.length);
      }
    } catch (error) {
      onFailed(error);
    } finally {
      this.#sinceMs = null;
      this.#free(0);
    }
  }

  #free(signs: number): void {
    this.#signs -= signs;
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }
}
