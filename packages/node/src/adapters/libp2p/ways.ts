/** The ways to this node: what members see of it, the port that the router gives, relays, and holes through NATs. */
import { randomInt } from 'node:crypto';
import { isLoopbackAddress, isPrivateAddress, parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../ports/clock.ts';
import type { Network, PeerAddress, Reachability } from '../../ports/network.ts';
import { Lan } from './lan.ts';
import type { Link } from './link.ts';
import type { Links } from './links.ts';
import { PortMapping } from './port-mapping.ts';
import { punch, servePunch } from './punch.ts';
import { askReach, type Seen, serveReach } from './reach-protocol.ts';
import { RelayBudget, type RelayMemory, type RelayOffer } from './relay-budget.ts';
import { acceptRelayed } from './relay-guest.ts';
import { hostRelay } from './relay-host.ts';
import type { Sockets } from './transport.ts';

export interface WaysConfig {
  /** What this node passes on for others. null: nothing. */
  relay: RelayOffer | null;
  /** Lets others reach this node through members that pass on. */
  useRelays: boolean;
  /** Tries to get from a relay to a direct connection, through both NATs. */
  punch: boolean;
  /** Asks the router for a port, by UPnP. */
  mapPort: boolean;
  /** Tells everybody on the same network that this node is there, and hears of others. */
  lan: boolean;
}

/** The ports that systems give to dials (RFC 6335), where a fixed one is least in anybody's way. */
const PUNCH_PORTS = { first: 49_152, last: 65_535 };
const ASK_MS = 12_000;
const ASKS_MAX = 4;
/** A member is asked again after this, after a failure sooner. */
const ASK_AGAIN_MS = 300_000;
const ASK_FAILED_MS = 2000;
const ASK_FAILED_MOST_MS = 120_000;
const PUNCH_AGAIN_MS = 600_000;
const RELAYS_MAX = 3;
const ADDRESSES_MAX = 8;
const REACHED_MAX = 4;

interface Known {
  seen: Seen | null;
  failures: number;
  nextMs: number;
}

export interface WaysParts {
  links: Links;
  sockets: Sockets;
  clock: Clock;
  isMember: (peer: KeyId) => boolean;
  listening: () => readonly string[];
  onPunched: (connection: Connection) => void;
  onFound?: ((address: PeerAddress) => void) | undefined;
  relayed?: RelayMemory | undefined;
}

export class Ways implements AsyncDisposable {
  /** What dials go out from, so that others see the hole that will be there. null: any port. */
  readonly punchPort: number | null;
  readonly #network: Network;
  readonly #parts: WaysParts;
  readonly #config: WaysConfig;
  readonly #budget: RelayBudget | null;
  readonly #known = new Map<KeyId, Known>();
  readonly #punchedMs = new Map<KeyId, number>();
  readonly #serving: Disposable[] = [];
  #mapping: PortMapping | null = null;
  #lan: Lan | null = null;
  #reached: string[] = [];
  #wasAsked = false;
  #asks = 0;

  constructor(network: Network, parts: WaysParts, config: WaysConfig) {
    this.#network = network;
    this.#parts = parts;
    this.#config = config;
    this.#budget =
      config.relay === null ? null : new RelayBudget(config.relay, parts.clock, parts.relayed ?? null);
    this.punchPort = config.punch ? randomInt(PUNCH_PORTS.first, PUNCH_PORTS.last + 1) : null;
  }

  start(): void {
    const relays = (peer: KeyId): boolean => this.#budget !== null && this.#budget.limit(peer) === null;
    this.#serving.push(serveReach(this.#network, { ...this.#parts, relays }));
    if (this.#budget !== null)
      this.#serving.push(hostRelay(this.#network, { ...this.#parts, budget: this.#budget }));
    if (this.#config.useRelays) this.#serving.push(acceptRelayed(this.#network, this.#parts));
    if (this.punchPort !== null)
      this.#serving.push(servePunch(this.#network, this.#punching(this.punchPort)));
    const port = this.#listeningPort();
    if (this.#config.mapPort && port !== null) this.#mapping = new PortMapping(port);
    const { onFound, listening: addresses } = this.#parts;
    if (this.#config.lan && onFound !== undefined) {
      this.#lan = new Lan({ self: this.#network.self, addresses, onFound });
    }
  }

  reachability(): Reachability {
    const seen = [...this.#known.values()].flatMap((known) =>
      known.seen === null ? [] : [known.seen.address],
    );
    const hosts = seen.map((address) => parseAddress(address)?.host ?? '');
    const isReachable = this.#reached.length > 0;
    return {
      state: isReachable ? 'reachable' : this.#wasAsked ? 'unreachable' : 'unknown',
      reached: this.#reached,
      seenHosts: [...new Set(hosts)],
      relays: this.#relays().map(({ peer }) => peer),
      passedOn: this.#budget?.use() ?? null,
    };
  }

  /** Those at which others got through first, then those of this machine, and through relays where nobody got through. */
  addresses(): readonly string[] {
    const relayed = this.#reached.some((address) => !isPrivate(address))
      ? []
      : this.#relays().map(({ peer, address }) => `/relay/${peer}${address}`);
    const own = [...new Set([...this.#reached, ...forOthers(this.#parts.listening())])];
    return [...own.slice(0, ADDRESSES_MAX - relayed.length), ...relayed];
  }

  /** Now and then: asks whom it is time to ask. */
  check(nowMs: number): void {
    for (const peer of this.#known.keys())
      if (this.#parts.links.best(peer) === null) this.#known.delete(peer);
    for (const peer of this.#punchedMs.keys())
      if (this.#parts.links.best(peer) === null) this.#punchedMs.delete(peer);
    for (const link of this.#parts.links.all()) {
      if (!this.#parts.isMember(link.peer)) continue;
      if (link.reach === 'relayed') this.#improve(link, nowMs);
      else if (!link.inbound && link.reach === 'direct') this.#ask(link.peer, nowMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const serving of this.#serving) serving[Symbol.dispose]();
    this.#budget?.[Symbol.dispose]();
    await Promise.all([this.#mapping, this.#lan].map((part) => part?.[Symbol.asyncDispose]()));
  }

  #ask(peer: KeyId, nowMs: number): void {
    const known = this.#known.get(peer) ?? { seen: null, failures: 0, nextMs: 0 };
    if (nowMs < known.nextMs || this.#asks >= ASKS_MAX) return;
    known.nextMs = nowMs + ASK_AGAIN_MS;
    this.#known.set(peer, known);
    this.#asks++;
    this.#askOne(peer, known)
      .catch(() => {
        known.nextMs = nowMs + Math.min(ASK_FAILED_MOST_MS, ASK_FAILED_MS * 2 ** known.failures++);
      })
      .finally(() => this.#asks--);
  }

  async #askOne(peer: KeyId, known: Known): Promise<void> {
    const addressesFor = (seen: Seen): readonly string[] => {
      // Others need this while the peer still tries to get through.
      known.seen = seen;
      return this.#candidates(seen.address);
    };
    const signal = AbortSignal.timeout(ASK_MS);
    const answer = await askReach(this.#network, peer, { signal, addressesFor });
    if (answer === null) return;
    known.failures = 0;
    if (answer.asked.length === 0) return;
    this.#wasAsked = true;
    const lost = answer.asked.filter((address) => !answer.reached.includes(address));
    const kept = this.#reached.filter((address) => !lost.includes(address));
    this.#reached = [...new Set([...answer.reached, ...kept])].slice(0, REACHED_MAX);
  }

  /** Addresses that may lead here: what the router gave, and the port that is listened on at the host that is seen. */
  #candidates(seenAddress: string): string[] {
    const seen = parseAddress(seenAddress);
    const port = this.#listeningPort();
    if (seen === null || port === null) return [];
    const mapped = (this.#mapping?.addresses ?? []).filter(
      (address) => parseAddress(address)?.host === seen.host,
    );
    return [...new Set([...mapped, `/${seen.kind}/${seen.host}/tcp/${port}`])];
  }

  #listeningPort(): number | null {
    const ports = this.#parts.listening().map((address) => parseAddress(address)?.port ?? null);
    return ports[0] ?? null;
  }

  #relays(): Link[] {
    if (!this.#config.useRelays) return [];
    const offers = [...this.#known].filter(([, { seen }]) => seen?.relays === true);
    const links = offers.flatMap(([peer]) => this.#parts.links.of(peer));
    const dialled = links.filter((link) => !link.inbound && link.reach === 'direct');
    return [...new Map(dialled.map((link) => [link.peer, link])).values()].slice(0, RELAYS_MAX);
  }

  /** Only the end that asked for the relayed connection begins, so that both do not at the same time. */
  #improve(link: Link, nowMs: number): void {
    const { peer, inbound } = link;
    const port = this.punchPort;
    if (inbound || port === null || this.#parts.links.best(peer) !== link) return;
    if (nowMs < (this.#punchedMs.get(peer) ?? 0) || this.#outside(port) === null) return;
    this.#punchedMs.set(peer, nowMs + PUNCH_AGAIN_MS);
    punch(this.#network, peer, this.#punching(port)).catch(() => undefined);
  }

  #punching(localPort: number) {
    const { sockets, onPunched } = this.#parts;
    return { sockets, onPunched, localPort, outside: () => this.#outside(localPort) };
  }

  /**
   * Where the punch port looks out. A member that was dialled from there saw it; of one that was not, only the host
   * counts, and most home NATs keep the port.
   */
  #outside(localPort: number): string | null {
    const seen = [...this.#known].flatMap(([peer, known]) =>
      known.seen === null ? [] : [{ address: known.seen.address, links: this.#parts.links.of(peer) }],
    );
    const exact = seen.find(({ links }) => links.some(({ traffic }) => traffic.localPort === localPort));
    if (exact !== undefined) return exact.address;
    const about = parseAddress(seen[0]?.address ?? '');
    return about === null ? null : `/${about.kind}/${about.host}/tcp/${localPort}`;
  }
}

/** Whoever is elsewhere would find himself at loopback; where there is nothing else, all are on this machine. */
function forOthers(addresses: readonly string[]): readonly string[] {
  const elsewhere = addresses.filter((text) => {
    const address = parseAddress(text);
    return address !== null && !isLoopbackAddress(address);
  });
  return elsewhere.length > 0 ? elsewhere : addresses;
}

function isPrivate(text: string): boolean {
  const address = parseAddress(text);
  return address === null || isPrivateAddress(address);
}
