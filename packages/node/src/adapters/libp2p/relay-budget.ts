/** What a node passes on for others, within what its owner offers. Counted since the start of the node. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';

const DAY_MS = 86_400_000;

export interface RelayOffer {
  /** Both directions of all circuits together, in any 24 hours from the first of them. */
  bytesPerDayMax: number;
  /** Pairs of nodes at the same time. */
  circuitsMax: number;
  /** Of these, those that one node asked for. */
  circuitsPerPeerMax: number;
  /** How long a pair may stay before it is asked to connect again. null: as long as it likes. */
  circuitMsMax: number | null;
}

export interface RelayUse {
  circuits: number;
  bytes: number;
  /** Of the day that runs. */
  bytesToday: number;
  /** Circuits that did not fit. */
  refused: number;
}

/** Why a circuit is refused, or ended. */
export type RelayLimit = 'RELAY_BYTES_USED_UP' | 'RELAY_FULL' | 'RELAY_TIME_UP';

export class RelayBudget {
  readonly offer: RelayOffer;
  readonly #clock: Clock;
  readonly #circuits = new Map<KeyId, number>();
  #dayStartMs: number;
  /** Something did not fit any more; smaller things that would are refused as well. */
  #isUsedUp = false;
  #use: RelayUse = { circuits: 0, bytes: 0, bytesToday: 0, refused: 0 };

  constructor(offer: RelayOffer, clock: Clock) {
    this.offer = offer;
    this.#clock = clock;
    this.#dayStartMs = clock.monotonicMs();
  }

  use(): RelayUse {
    this.#turnDay();
    return { ...this.#use };
  }

  /** Whether another circuit would be let in now. */
  limit(peer: KeyId): RelayLimit | null {
    this.#turnDay();
    const { circuitsMax, circuitsPerPeerMax } = this.offer;
    if (this.#isUsedUp) return 'RELAY_BYTES_USED_UP';
    const isFull = this.#use.circuits >= circuitsMax || (this.#circuits.get(peer) ?? 0) >= circuitsPerPeerMax;
    return isFull ? 'RELAY_FULL' : null;
  }

  /** Takes a place for a circuit that `peer` asked for. */
  enter(peer: KeyId): RelayLimit | Disposable {
    const limit = this.limit(peer);
    if (limit !== null) {
      this.#use.refused++;
      return limit;
    }
    this.#use.circuits++;
    this.#circuits.set(peer, (this.#circuits.get(peer) ?? 0) + 1);
    return {
      [Symbol.dispose]: () => {
        this.#use.circuits--;
        const left = (this.#circuits.get(peer) ?? 1) - 1;
        if (left > 0) this.#circuits.set(peer, left);
        else this.#circuits.delete(peer);
      },
    };
  }

  /** Counts bytes that are about to be passed on. Whether they fit. */
  spend(bytes: number): boolean {
    this.#turnDay();
    this.#isUsedUp ||= this.#use.bytesToday + bytes > this.offer.bytesPerDayMax;
    if (this.#isUsedUp) return false;
    this.#use.bytes += bytes;
    this.#use.bytesToday += bytes;
    return true;
  }

  #turnDay(): void {
    const days = Math.floor((this.#clock.monotonicMs() - this.#dayStartMs) / DAY_MS);
    if (days < 1) return;
    this.#dayStartMs += days * DAY_MS;
    this.#use.bytesToday = 0;
    this.#isUsedUp = false;
  }
}
