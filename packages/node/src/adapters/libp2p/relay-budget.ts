/**
 * What a node passes on for others, within what its owner offers. Bytes are written down before they are passed on, some
 * of them ahead, so a node that is killed may count up to a hundredth of a day's budget that it did not pass on, and
 * never the other way round.
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { RelayRow, Store } from '../../ports/store.ts';

const DAY_MS = 86_400_000;
/** Written down ahead: this part of a day's budget, within these bounds. */
const AHEAD_SHARE = 0.01;
const AHEAD_BYTES_MIN = 65_536;
const AHEAD_BYTES_MAX = 16_777_216;

export interface RelayOffer {
  /** Both directions of all circuits together, in each 24 hours; they run on while the node is off. */
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
  /** Ever, in this home. */
  bytes: number;
  /** Of the day that runs. */
  bytesToday: number;
  bytesPerDayMax: number;
  /** Circuits that did not fit, since the start of the node. */
  refused: number;
}

/** Where the counts outlive the process. A write is on the disk when it returns. */
export interface RelayMemory {
  read(): RelayRow | undefined;
  write(row: RelayRow): void;
}

export function relayMemory(store: Store): RelayMemory {
  return {
    read: () => store.get('relayed', 'own'),
    write: (row) => store.put('relayed', 'own', row),
  };
}

/** Why a circuit is refused, or ended. */
export type RelayLimit = 'RELAY_BYTES_USED_UP' | 'RELAY_FULL' | 'RELAY_TIME_UP';

export class RelayBudget {
  readonly offer: RelayOffer;
  readonly #clock: Clock;
  readonly #circuits = new Map<KeyId, number>();
  readonly #memory: RelayMemory | null;
  /** By the clock that only grows: before its beginning, where the day began in an earlier process. */
  #dayStartMs: number;
  /** Something did not fit any more; smaller things that would are refused as well. */
  #isUsedUp = false;
  #use: Omit<RelayUse, 'bytesPerDayMax'> = { circuits: 0, bytes: 0, bytesToday: 0, refused: 0 };
  /** What may be passed on before the next write. */
  #aheadBytes = 0;
  #isOver = false;

  /** `memory: null`: what is counted ends with the process. */
  constructor(offer: RelayOffer, clock: Clock, memory: RelayMemory | null) {
    this.offer = offer;
    this.#clock = clock;
    this.#memory = memory;
    this.#dayStartMs = clock.monotonicMs();
    const row = memory?.read();
    if (row === undefined) return;
    // A clock that was set back meanwhile makes the day longer and never gives its budget out twice.
    this.#dayStartMs -= Math.max(0, clock.nowMs() - row.dayStartMs);
    this.#use = { ...this.#use, bytes: row.bytes, bytesToday: row.bytesToday };
  }

  use(): RelayUse {
    this.#turnDay();
    return { ...this.#use, bytesPerDayMax: this.offer.bytesPerDayMax };
  }

  /** The end of this process: what was written down ahead and not passed on is given back. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    if (this.#aheadBytes > 0) this.#write(0);
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

  /** Counts bytes that are about to be passed on. Whether they fit. Codes: STORE_*, where it could not be written down. */
  spend(bytes: number): boolean {
    this.#turnDay();
    this.#isUsedUp ||= this.#use.bytesToday + bytes > this.offer.bytesPerDayMax;
    if (this.#isUsedUp || this.#isOver) return false;
    if (bytes > this.#aheadBytes) this.#write(this.#aheadOf(bytes));
    this.#aheadBytes -= bytes;
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
    // What was written down belongs to the day before.
    this.#aheadBytes = 0;
  }

  /** With bytes that fit, how many are written down. */
  #aheadOf(bytes: number): number {
    const { bytesPerDayMax } = this.offer;
    const step = Math.min(AHEAD_BYTES_MAX, Math.max(AHEAD_BYTES_MIN, AHEAD_SHARE * bytesPerDayMax));
    return Math.min(bytes + Math.floor(step), bytesPerDayMax - this.#use.bytesToday);
  }

  #write(aheadBytes: number): void {
    const { bytes, bytesToday } = this.#use;
    const dayStartMs = this.#clock.nowMs() - (this.#clock.monotonicMs() - this.#dayStartMs);
    const row = { bytes: bytes + aheadBytes, bytesToday: bytesToday + aheadBytes, dayStartMs };
    this.#memory?.write(row);
    this.#aheadBytes = aheadBytes;
  }
}
