/**
 * Who has one card, decided by rank alone: the lowest number has the highest right. Knows neither devices nor disks;
 * adapters of the rig port keep one queue a card.
 */

/** More waiters than this on one card mean a caller in a loop. */
export const CARD_WAITERS_MAX = 32;

export interface Turn {
  readonly rank: number;
  /** Aborts when somebody of higher right waits. */
  readonly revoked: AbortSignal;
  /** Lets the next one in. Calling it again does nothing. */
  giveBack(): void;
}

/** `held`: the card is with, or about to be with, somebody of equal or higher right. `full`: too many wait. */
export type Refusal = { refused: 'held'; rank: number } | { refused: 'full' };

interface Waiter {
  rank: number;
  settle(outcome: Turn | Refusal): void;
}

interface Holder {
  rank: number;
  revoke: AbortController;
}

export class CardQueue {
  #holder: Holder | null = null;
  #waiters: Waiter[] = [];

  get holderRank(): number | null {
    return this.#holder?.rank ?? null;
  }

  /**
   * Takes the card when it is free, revokes a holder of lower right and waits for it, and refuses otherwise. Somebody
   * who waits is refused when one of equal or higher right gets the card first. Rejects with the signal's reason.
   */
  acquire(rank: number, options: { signal: AbortSignal }): Promise<Turn | Refusal> {
    const { signal } = options;
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#holder === null) return Promise.resolve(this.#grant(rank));
    if (this.#holder.rank <= rank) return Promise.resolve({ refused: 'held', rank: this.#holder.rank });
    if (this.#waiters.length >= CARD_WAITERS_MAX) return Promise.resolve({ refused: 'full' });
    const { revoke } = this.#holder;
    const turn = this.#wait(rank, signal);
    // Only now: a holder may give back on the spot, and must find who waits.
    revoke.abort();
    return turn;
  }

  #wait(rank: number, signal: AbortSignal): Promise<Turn | Refusal> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        rank,
        settle: (outcome) => {
          signal.removeEventListener('abort', leave);
          resolve(outcome);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.push(waiter);
    });
  }

  #grant(rank: number): Turn {
    const holder: Holder = { rank, revoke: new AbortController() };
    this.#holder = holder;
    return {
      rank,
      revoked: holder.revoke.signal,
      giveBack: () => {
        if (this.#holder !== holder) return;
        this.#holder = null;
        this.#next();
      },
    };
  }

  /** The first of the highest right gets the card; all others are of equal or lower right and are refused. */
  #next(): void {
    const best = this.#waiters.reduce<Waiter | null>(
      (first, waiter) => (first === null || waiter.rank < first.rank ? waiter : first),
      null,
    );
    if (best === null) return;
    const others = this.#waiters.filter((waiter) => waiter !== best);
    this.#waiters = [];
    best.settle(this.#grant(best.rank));
    for (const other of others) other.settle({ refused: 'held', rank: best.rank });
  }
}
