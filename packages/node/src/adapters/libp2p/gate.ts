/**
 * Who gets a connection. A flood of strangers takes neither the places of members nor, from a few subnets, the places of
 * other strangers who want to join.
 */
import { type Address, parseAddress, subnetOf } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { ConnectionGater, MultiaddrConnection, PeerId } from '@libp2p/interface';
import type { Clock } from '../../ports/clock.ts';
import { keyIdOf } from './keys.ts';
import { CONNECTIONS_PER_PEER_MAX, type NetworkLimits } from './limits.ts';
import type { Link } from './link.ts';
import type { Links } from './links.ts';

const REFUSED_PEERS_MAX = 4096;

export class Gate implements ConnectionGater {
  readonly #limits: NetworkLimits;
  readonly #links: Links;
  readonly #isMember: (peer: KeyId) => boolean;
  readonly #clock: Clock;
  readonly #refusedUntilMs = new Map<KeyId, number>();
  readonly #handshakes = new Map<MultiaddrConnection, string>();

  constructor(
    limits: NetworkLimits,
    deps: { links: Links; isMember: (peer: KeyId) => boolean; clock: Clock },
  ) {
    this.#limits = limits;
    this.#links = deps.links;
    this.#isMember = deps.isMember;
    this.#clock = deps.clock;
  }

  refuse(peer: KeyId, durationMs: number): void {
    this.#refusedUntilMs.delete(peer);
    this.#refusedUntilMs.set(peer, this.#clock.monotonicMs() + durationMs);
    const [oldest] = this.#refusedUntilMs.keys();
    if (this.#refusedUntilMs.size > REFUSED_PEERS_MAX && oldest !== undefined)
      this.#refusedUntilMs.delete(oldest);
  }

  refuses(peer: KeyId): boolean {
    return (this.#refusedUntilMs.get(peer) ?? 0) > this.#clock.monotonicMs();
  }

  get isFull(): boolean {
    return this.#links.all().length >= this.#limits.connectionsMax;
  }

  /** Strangers who stayed long enough to join and did not. */
  overstayed(nowMs: number): Link[] {
    return this.#strangers().filter((link) => nowMs - link.sinceMs > this.#limits.strangerStayMs);
  }

  denyInboundConnection(socket: MultiaddrConnection): boolean {
    const subnet = subnetOfText(socket.remoteAddr.toString());
    const others = [...this.#handshakes.values()].filter((other) => other === subnet).length;
    if (others >= this.#limits.handshakesPerSubnetMax) return true;
    this.#handshakes.set(socket, subnet);
    socket.addEventListener('close', () => this.#handshakes.delete(socket));
    return false;
  }

  denyInboundEncryptedConnection(peerId: PeerId, socket: MultiaddrConnection): boolean {
    this.#handshakes.delete(socket);
    const peer = keyIdOf(peerId);
    if (peer === null || this.refuses(peer)) return true;
    if (this.#links.of(peer).length >= CONNECTIONS_PER_PEER_MAX) return true;
    const subnet = subnetOfText(socket.remoteAddr.toString());
    return this.#isMember(peer) ? this.#denyMember(subnet) : this.#denyStranger(subnet);
  }

  #denyMember(subnet: string): boolean {
    const { connectionsMax, membersPerSubnetMax } = this.#limits;
    const members = this.#links.all().filter(({ peer }) => this.#isMember(peer));
    const beside = members.filter(({ address }) => subnetOfText(address) === subnet);
    return members.length >= connectionsMax || beside.length >= membersPerSubnetMax;
  }

  /** The newest is let in: whoever wants to join gets a turn, however many others there are. */
  #denyStranger(subnet: string): boolean {
    const strangers = this.#strangers().toSorted((a, b) => a.sinceMs - b.sinceMs);
    const beside = strangers.filter(({ address }) => subnetOfText(address) === subnet);
    if (beside.length >= this.#limits.strangersPerSubnetMax) this.#links.abort(beside.slice(0, 1));
    else if (strangers.length >= this.#limits.strangersMax) this.#links.abort(strangers.slice(0, 1));
    return false;
  }

  #strangers(): Link[] {
    return this.#links.all().filter((link) => link.inbound && !this.#isMember(link.peer));
  }
}

function subnetOfText(text: string): string {
  const address: Address | null = parseAddress(text.replace(/\/p2p\/.*$/, ''));
  return address === null ? text : subnetOf(address);
}
