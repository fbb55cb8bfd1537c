/**
 * Secrets for seeds: this node names the hash of one before it sees a request, and tells the secret when the request is
 * opened, so that neither side can choose the seed alone. Each holds for one request of the peer it was named to.
 */
import { createHash } from 'node:crypto';
import { COMMITMENT_BYTES } from '@filon/core/directory/load-messages';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';

export const COMMITMENT_HOLDS_MS = 60_000;
export const COMMITMENTS_PER_PEER_MAX = 64;
const PEERS_MAX = 1024;

interface Committed {
  secret: Uint8Array;
  untilMs: number;
}

export class Commitments {
  readonly #clock: Clock;
  readonly #randomBytes: (count: number) => Uint8Array;
  readonly #peers = new Map<KeyId, Map<string, Committed>>();

  constructor(deps: { clock: Clock; randomBytes: (count: number) => Uint8Array }) {
    this.#clock = deps.clock;
    this.#randomBytes = deps.randomBytes;
  }

  /** The hash of a fresh secret, 32 bytes. The oldest of a peer that has too many is forgotten. */
  make(peer: KeyId): Uint8Array {
    const secret = this.#randomBytes(COMMITMENT_BYTES);
    const commitment = createHash('sha256').update(secret).digest();
    const own = this.#peers.get(peer) ?? new Map<string, Committed>();
    own.set(commitment.toString('latin1'), {
      secret,
      untilMs: this.#clock.monotonicMs() + COMMITMENT_HOLDS_MS,
    });
    trim(own, COMMITMENTS_PER_PEER_MAX);
    this.#peers.delete(peer);
    this.#peers.set(peer, own);
    trim(this.#peers, PEERS_MAX);
    return new Uint8Array(commitment);
  }

  /** The secret, once; null: it was never named to this peer, is used up, or too old. */
  take(peer: KeyId, commitment: Uint8Array): Uint8Array | null {
    const name = Buffer.from(commitment).toString('latin1');
    const own = this.#peers.get(peer);
    const committed = own?.get(name);
    own?.delete(name);
    return committed && this.#clock.monotonicMs() < committed.untilMs ? committed.secret : null;
  }
}

function trim<K>(map: Map<K, unknown>, max: number): void {
  const [oldest] = map.keys();
  if (map.size > max && oldest !== undefined) map.delete(oldest);
}
