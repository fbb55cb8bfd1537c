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
  readonly #links: Pick<Links, 'all' | 'of' | 'abort'>;
  readonly #isMember: (peer: KeyId) => boolean;
  readonly #clock: Clock;
  readonly #refusedUntilMs = new Map<KeyId, number>();
  readonly #handshakes = new Map<MultiaddrConnection, string>();

  constructor(
    limits: NetworkLimits,
    deps: { links: Pick<Links, 'all' | 'of' | 'abort'>; isMember: (peer: KeyId) => boolean; clock: Clock },
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

  /** Strangers who stayed long enough to join and did not, and those that are too many of one subnet by now. */
  overstayed(nowMs: number): Link[] {
    const { strangerStayMs, strangersPerSubnetMax } = this.#limits;
    const subnets = Map.groupBy(this.#strangers(), subnetOfLink);
    return [...subnets.values()].flatMap((beside) => {
      const over = beside.filter((link) => this.#isSettled(link, nowMs)).length - strangersPerSubnetMax;
      return beside.filter(({ sinceMs }, index) => index < over || nowMs - sinceMs > strangerStayMs);
    });
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
    const beside = members.filter((link) => subnetOfLink(link) === subnet);
    return members.length >= connectionsMax || beside.length >= membersPerSubnetMax;
  }

  /** The newest is let in: whoever wants to join gets a turn, however many others there are. */
  #denyStranger(subnet: string): boolean {
    const { strangersMax, strangersPerSubnetMax, newcomersPerSubnetMax } = this.#limits;
    const nowMs = this.#clock.monotonicMs();
    const subnets = Map.groupBy(this.#strangers(), subnetOfLink);
    const beside = subnets.get(subnet) ?? [];
    const settled = beside.filter((link) => this.#isSettled(link, nowMs));
    const all = [...subnets.values()];
    const count = all.reduce((sum, { length }) => sum + length, 0);
    if (settled.length >= strangersPerSubnetMax || beside.length >= newcomersPerSubnetMax)
      this.#links.abort(beside.slice(0, 1));
    else if (count >= strangersMax) {
      const [most = []] = all.toSorted((a, b) => b.length - a.length);
      this.#links.abort(most.slice(0, 1));
    }
    return false;
  }

  /** It is no newcomer any more. */
  #isSettled({ sinceMs }: Link, nowMs: number): boolean {
    return nowMs - sinceMs >= this.#limits.newcomerMs;
  }

  /** The one that came first at the beginning. */
  #strangers(): Link[] {
    const strangers = this.#links.all().filter((link) => link.inbound && !this.#isMember(link.peer));
    return strangers.sort((a, b) => a.sinceMs - b.sinceMs);
  }
}

function subnetOfLink({ address }: Link): string {
  return subnetOfText(address);
}

function subnetOfText(text: string): string {
  const address: Address | null = parseAddress(text.replace(/\/p2p\/.*$/, ''));
  return address === null ? text : subnetOf(address);
}
