/** Gets connections with peers: by an address, through a relay, or those that came. */
import { invariant } from '@filon/core/errors';
import { parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { refused, unreachable } from '@filon/core/swarm/network-errors';
import type { Connection } from '@libp2p/interface';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Network } from '../../ports/network.ts';
import { confirm, firstOf } from './dial.ts';
import type { Gate } from './gate.ts';
import { keyIdOf } from './keys.ts';
import type { Link } from './link.ts';
import type { Links } from './links.ts';
import { dialThrough } from './relay-guest.ts';
import type { Sockets } from './transport.ts';

/** All addresses of a peer together. */
const DIAL_MS = 10_000;
const DIALS_MAX = 64;
const KNOWN_PEERS_MAX = 4096;

export interface DiallerParts {
  links: Links;
  gate: Gate;
  sockets: Sockets;
  clock: Clock;
}

export class Dialler implements Disposable {
  readonly #network: Network;
  readonly #parts: DiallerParts;
  /** What direct dials go out from, where it can be had. null: any port. */
  readonly #localPort: number | null;
  readonly #known = new Map<KeyId, readonly string[]>();
  readonly #dials = new Map<KeyId, Promise<Link>>();
  readonly #closing = new AbortController();

  constructor(network: Network, parts: DiallerParts, localPort: number | null) {
    this.#network = network;
    this.#parts = parts;
    this.#localPort = localPort;
  }

  /** Where the peer was when it was dialled last. */
  known(peer: KeyId): readonly string[] {
    return this.#known.get(peer) ?? [];
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new DOMException('the network was closed', 'AbortError'));
  }

  /** Whoever dials a peer at the same time gets the same connection. */
  connect(peer: KeyId, addresses: readonly string[]): Promise<Link> {
    const { gate } = this.#parts;
    if (peer === this.#network.self) return Promise.reject(refused(peer, 'it is this node itself'));
    if (gate.refuses(peer)) return Promise.reject(refused(peer, 'this node refuses it for a while'));
    const running = this.#dials.get(peer);
    if (running !== undefined) return running;
    if (gate.isFull || this.#dials.size >= DIALS_MAX) {
      return Promise.reject(refused(peer, 'this node has as many connections as it may, or dials too many'));
    }
    const dialling = this.#reach(peer, addresses).finally(() => this.#dials.delete(peer));
    this.#dials.set(peer, dialling);
    return dialling;
  }

  /** Direct addresses first; a relay needs several round trips more, so it wins only where they fail. */
  async #reach(peer: KeyId, addresses: readonly string[]): Promise<Link> {
    const signal = AbortSignal.any([AbortSignal.timeout(DIAL_MS), this.#closing.signal]);
    const isDirect = (address: string): boolean => parseAddress(address)?.relay === null;
    const ordered = [...addresses.filter(isDirect), ...addresses.filter((address) => !isDirect(address))];
    const attempt = (address: string, options: Waiting): Promise<Link> =>
      this.#attempt(peer, address, options);
    const discard = (late: Link): void =>
      late.connection.abort(new RangeError('another address was quicker'));
    try {
      return await firstOf({ peer, addresses: ordered }, attempt, { signal, discard });
    } catch (error) {
      if (signal.aborted) throw unreachable(peer, ordered, { cause: signal.reason });
      throw error;
    }
  }

  async #attempt(peer: KeyId, address: string, options: Waiting): Promise<Link> {
    const { sockets, links } = this.#parts;
    const parsed = parseAddress(address);
    if (parsed === null) throw unreachable(peer, [address]);
    if (parsed.relay === null)
      return await this.confirmed(await this.#dialDirect({ peer, address }, options), options);
    const [relay, at] = [parsed.relay, address.slice(`/relay/${parsed.relay}`.length)];
    if (relay === peer || relay === this.#network.self) throw unreachable(peer, [address]);
    if (links.best(relay) === null) await this.#network.dial({ peer: relay, addresses: [at] }, options);
    const connection = await dialThrough(
      this.#network,
      { peer, relay, address: at },
      { sockets, ...options },
    );
    if (connection === null) throw unreachable(peer, [address]);
    return await this.confirmed(connection, options);
  }

  async #dialDirect(target: { peer: KeyId; address: string }, options: Waiting): Promise<Connection> {
    const { sockets } = this.#parts;
    const localPort = this.#localPort;
    if (localPort !== null) {
      try {
        return await sockets.dial({ ...target, localPort }, options);
      } catch (error) {
        // Another connection to the same end may have the port, or have had it a minute ago.
        if (!isPortTaken(error)) throw error;
      }
    }
    return await sockets.dial(target, options);
  }

  /** This node's own connection counts when the other end answered; that of the other end counted when it came. */
  async confirmed(connection: Connection, { signal }: Waiting): Promise<Link> {
    const { sockets, links } = this.#parts;
    const peer = keyIdOf(connection.remotePeer);
    const traffic = sockets.trafficOf(connection);
    invariant(peer !== null && traffic !== null, 'a connection that was dialled is one of ours');
    await confirm(connection, traffic, { signal });
    const link = links.of(peer).find((other) => other.connection === connection) ?? this.add(connection);
    if (link === null) throw unreachable(peer, [connection.remoteAddr.toString()]);
    return link;
  }

  remember(peer: KeyId, addresses: readonly string[]): void {
    this.#known.delete(peer);
    this.#known.set(peer, addresses);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_PEERS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** null: it is over already. */
  add(connection: Connection): Link | null {
    const { links, sockets, clock } = this.#parts;
    const peer = keyIdOf(connection.remotePeer);
    const traffic = sockets.trafficOf(connection);
    if (peer === null || traffic === null || connection.status !== 'open') {
      connection.abort(new RangeError('a connection that is none of ours'));
      return null;
    }
    const link: Link = {
      ...{ peer, traffic, connection },
      reach: traffic.reach,
      inbound: connection.direction === 'inbound',
      address: withoutPeer(connection.remoteAddr.toString()),
      sinceMs: clock.monotonicMs(),
    };
    links.add(link);
    return link;
  }
}

/** libp2p writes the peer's own id behind an address. */
export function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/.*$/, '');
}

function isPortTaken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES';
}
