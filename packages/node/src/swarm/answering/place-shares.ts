/**
 * How the places here are shared by those whom nobody knows: as many as there are, divided by the operators that ask. One
 * that is alone has nearly all of them, since places that nobody uses help nobody; another one that comes gets its share as
 * they become free. One place is left for those who are known.
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import { ASKER_COUNTS_MS, ASKERS_MAX } from './answer-constants.ts';

interface Asker {
  sessions: number;
  askedMs: number;
}

export interface PlacesHeld extends Disposable {
  /** At least one. */
  readonly sessions: number;
}

export class PlaceShares {
  readonly #clock: Clock;
  readonly #places: () => number;
  readonly #askers = new Map<KeyId, Asker>();
  #held = 0;

  /** `places`: sessions that are computed here together at most. */
  constructor(deps: { clock: Clock; places: () => number }) {
    this.#clock = deps.clock;
    this.#places = deps.places;
  }

  /** As many as are wished for and its share has left; null: none. */
  take(operator: KeyId, wished: number): PlacesHeld | null {
    const asker = this.#asker(operator);
    const all = Math.max(1, this.#places() - 1);
    const share = Math.max(1, Math.floor(all / this.#askers.size));
    const sessions = Math.min(wished, share - asker.sessions, all - this.#held);
    if (sessions < 1) return null;
    this.#count(asker, sessions);
    let isHeld = true;
    return {
      sessions,
      [Symbol.dispose]: () => {
        if (isHeld) this.#count(asker, -sessions);
        isHeld = false;
      },
    };
  }

  #count(asker: Asker, by: number): void {
    asker.sessions += by;
    this.#held += by;
  }

  /** Those that ask no more are forgotten. */
  #asker(operator: KeyId): Asker {
    const nowMs = this.#clock.monotonicMs();
    const asker = this.#askers.get(operator) ?? { sessions: 0, askedMs: nowMs };
    asker.askedMs = nowMs;
    this.#askers.delete(operator);
    this.#askers.set(operator, asker);
    for (const [name, { sessions, askedMs }] of this.#askers) {
      const isOver = nowMs - askedMs > ASKER_COUNTS_MS || this.#askers.size > ASKERS_MAX;
      if (isOver && sessions === 0 && name !== operator) this.#askers.delete(name);
    }
    return asker;
  }
}
