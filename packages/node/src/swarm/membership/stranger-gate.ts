/**
 * What peers that are no members may ask of this node: so many messages from one part of the network, so many in all,
 * and a connection only for as long as it takes to prove or become something. The rate comes before the first byte is
 * decoded, so a flood of new identities costs a look into a table each.
 */
import { Buckets } from '@filon/core/buckets';
import { parseAddress, subnetOf } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Clock } from '../../ports/clock.ts';
import type { Network } from '../../ports/network.ts';
import type { Members } from './members.ts';
import {
  MEMBER_MESSAGES_PER_MINUTE,
  PROVE_MS,
  RATES_MAX,
  STRANGER_MESSAGES_PER_MINUTE,
  STRANGERS_MESSAGES_PER_MINUTE,
} from './membership-limits.ts';

const ALL = 'all strangers';

export class StrangerGate {
  readonly #network: Network;
  readonly #members: Members;
  readonly #clock: Clock;
  readonly #rates: Buckets;
  readonly #all: Buckets;
  readonly #over = new AbortController();
  readonly #waiting = new Map<KeyId, AbortController>();

  constructor(deps: { network: Network; members: Members; clock: Clock }) {
    this.#network = deps.network;
    this.#members = deps.members;
    this.#clock = deps.clock;
    this.#rates = new Buckets(deps.clock, RATES_MAX);
    this.#all = new Buckets(deps.clock, 1);
  }

  /** Whether a message of this peer is looked at now. */
  admits(peer: KeyId): boolean {
    if (this.#members.find(peer) !== null)
      return this.#rates.take(`member ${peer}`, MEMBER_MESSAGES_PER_MINUTE).taken;
    return (
      this.#rates.take(this.#placeOf(peer), STRANGER_MESSAGES_PER_MINUTE).taken &&
      this.#all.take(ALL, STRANGERS_MESSAGES_PER_MINUTE).taken
    );
  }

  /** Ends the connection with a peer that is no member after a while. */
  expect(peer: KeyId): void {
    this.forget(peer);
    const over = new AbortController();
    this.#waiting.set(peer, over);
    const signal = AbortSignal.any([over.signal, this.#over.signal]);
    this.#clock.sleep(PROVE_MS, { signal }).then(
      () => {
        if (this.#waiting.get(peer) === over) this.#waiting.delete(peer);
        if (this.#members.find(peer) === null) this.#network.drop(peer);
      },
      () => undefined,
    );
  }

  /** It is gone by itself. */
  forget(peer: KeyId): void {
    this.#waiting.get(peer)?.abort();
    this.#waiting.delete(peer);
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#waiting.clear();
  }

  #placeOf(peer: KeyId): string {
    const connection = this.#network.peers().find((other) => other.peer === peer);
    const address = parseAddress(connection?.address ?? '');
    return address === null ? (connection?.address ?? peer) : subnetOf(address);
  }
}
