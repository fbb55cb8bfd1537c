/**
 * The Network port on js-libp2p 3: TCP, noise, yamux. Only what is needed of it runs: no identify, no peer routing, no
 * monitor; what peers say of themselves comes by this project's own protocols, from members.
 */
import type { KeyObject } from 'node:crypto';
import { orAborted } from '@filon/core/abort';
import { FilonError } from '@filon/core/errors';
import { parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { channelLost, openRefused, refused, unreachable } from '@filon/core/swarm/network-errors';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { createLibp2p } from 'libp2p';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Network, PeerAddress, PeerConnection, ProtocolLimits } from '../../ports/network.ts';
import { StreamChannel } from './channel.ts';
import { confirm, firstOf } from './dial.ts';
import { Gate } from './gate.ts';
import { Handlers, refusalOf } from './handlers.ts';
import { keyIdOf, peerIdOf, privateKeyOf } from './keys.ts';
import { DEFAULT_LIMITS, HANDSHAKE_MS, type NetworkLimits, STREAMS_MAX } from './limits.ts';
import { type Link, openMuxer } from './link.ts';
import { Links } from './links.ts';
import { Sockets } from './transport.ts';

/** All addresses of a peer together. */
const DIAL_MS = 10_000;
const DIALS_MAX = 64;
const KNOWN_PEERS_MAX = 4096;
/** New connections of one host a second; a farm behind one address starts together. */
const CONNECTIONS_PER_SECOND_MAX = 64;
const HANDSHAKES_MAX = 128;

export interface Libp2pConfig {
  /** Private, ed25519. */
  key: KeyObject;
  /** `/ip4/127.0.0.1/tcp/0`: a free port of loopback. `/ip4/0.0.0.0/tcp/4711`: all interfaces. None: nobody can dial. */
  listen: readonly string[];
  /** Told to others in place of those that are listened on: a forwarded port, a name. */
  announce?: readonly string[];
  limits?: Partial<NetworkLimits>;
}

export interface Libp2pDeps {
  /** Asked at each opening of a channel, so it must be quick. */
  isMember: (peer: KeyId) => boolean;
  clock: Clock;
}

export interface Libp2pNetwork extends Network {
  /** The addresses of this machine that are listened on. */
  listening(): readonly string[];
}

/** Codes: NETWORK_LISTEN_FAILED. */
export async function openLibp2pNetwork(config: Libp2pConfig, deps: Libp2pDeps): Promise<Libp2pNetwork> {
  const privateKey = privateKeyOf(config.key);
  const self = Buffer.from(privateKey.publicKey.raw).toString('base64url');
  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const links: Links = new Links(self, { ...deps, onCheck: (nowMs) => links.abort(gate.overstayed(nowMs)) });
  const gate = new Gate(limits, { ...deps, links });
  const sockets = new Sockets(deps.clock);
  try {
    const libp2p = await createLibp2p({
      privateKey,
      addresses: { listen: [...config.listen] },
      transports: [(components) => sockets.transport(components)],
      connectionEncrypters: [noise()],
      streamMuxers: [() => openMuxer()],
      connectionGater: gate,
      connectionManager: {
        // The gate decides before this does.
        maxConnections: limits.connectionsMax + limits.strangersMax + HANDSHAKES_MAX,
        maxIncomingPendingConnections: HANDSHAKES_MAX,
        inboundConnectionThreshold: CONNECTIONS_PER_SECOND_MAX,
        inboundUpgradeTimeout: HANDSHAKE_MS,
        inboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
        outboundStreamProtocolNegotiationTimeout: HANDSHAKE_MS,
        reconnectRetries: 0,
      },
      connectionMonitor: { enabled: false },
    });
    return new Node({
      self,
      libp2p,
      links,
      gate,
      sockets,
      announce: config.announce ?? [],
      ...deps,
    });
  } catch (cause) {
    links[Symbol.dispose]();
    const message = `This node cannot listen on ${config.listen.join(', ')}. Is the port taken, or not this machine's?`;
    throw new FilonError({ code: 'NETWORK_LISTEN_FAILED', addresses: config.listen }, message, { cause });
  }
}

interface Parts extends Libp2pDeps {
  self: KeyId;
  libp2p: Libp2p;
  links: Links;
  gate: Gate;
  sockets: Sockets;
  announce: readonly string[];
}

class Node implements Libp2pNetwork {
  readonly self: KeyId;
  readonly #parts: Parts;
  readonly #handlers: Handlers;
  readonly #known = new Map<KeyId, readonly string[]>();
  readonly #dials = new Map<KeyId, Promise<Link>>();
  readonly #closing = new AbortController();

  constructor(parts: Parts) {
    this.self = parts.self;
    this.#parts = parts;
    this.#handlers = new Handlers(parts);
    const { libp2p } = parts;
    libp2p.addEventListener('connection:open', ({ detail }) => {
      // This node's own are added when the other end confirmed them.
      if (detail.direction === 'inbound') this.#add(detail);
    });
    libp2p.addEventListener('connection:close', ({ detail }) => this.#remove(detail));
  }

  addresses(): readonly string[] {
    const { announce } = this.#parts;
    return announce.length > 0 ? announce : this.listening();
  }

  listening(): readonly string[] {
    const addresses = this.#parts.libp2p.getMultiaddrs().map((address) => withoutPeer(address.toString()));
    return addresses.filter((address) => parseAddress(address) !== null);
  }

  async dial({ peer, addresses }: PeerAddress, { signal }: Waiting): Promise<PeerConnection> {
    signal.throwIfAborted();
    const { links } = this.#parts;
    const link = links.best(peer) ?? (await orAborted(this.#connect(peer, addresses), signal));
    this.#remember(peer, addresses);
    return links.describe(link);
  }

  async open(peer: KeyId, protocol: string, options: Waiting & { frameBytesMax: number }): Promise<Channel> {
    const { signal, frameBytesMax } = options;
    const known = this.#known.get(peer) ?? [];
    if (this.#parts.links.best(peer) === null) await this.dial({ peer, addresses: known }, { signal });
    const link = this.#parts.links.best(peer);
    if (link === null) throw unreachable(peer, known);
    const stream = await this.#openStream(link, protocol, { signal });
    const channel = new StreamChannel(stream, { peer, frameBytesMax, awaitsStatus: true });
    try {
      const refusal = refusalOf(await channel.status({ signal }));
      if (refusal !== null) throw openRefused(refusal, { peer, protocol });
      return channel;
    } catch (error) {
      channel.abort();
      throw error;
    }
  }

  handle(protocol: string, serve: (channel: Channel) => Promise<void>, limits: ProtocolLimits): Disposable {
    const { libp2p } = this.#parts;
    this.#handlers.add(protocol, { serve, limits });
    // Those over the channel's own limit are to hear why, so libp2p's is a little higher.
    const maxInboundStreams = Math.min(STREAMS_MAX, limits.channelsPerPeerMax + 16);
    const options = { maxInboundStreams, maxOutboundStreams: STREAMS_MAX, runOnLimitedConnection: true };
    const take = (stream: Stream, connection: Connection): void =>
      this.#handlers.take(protocol, stream, connection);
    libp2p.handle(protocol, take, options).catch(() => undefined);
    return {
      [Symbol.dispose]: () => {
        this.#handlers.delete(protocol);
        libp2p.unhandle(protocol).catch(() => undefined);
      },
    };
  }

  peers(): readonly PeerConnection[] {
    return this.#parts.links.peers();
  }

  watch(listener: Parameters<Network['watch']>[0]): Disposable {
    return this.#parts.links.watch(listener);
  }

  drop(peer: KeyId, options?: { refuseMs: number }): void {
    if (options !== undefined) this.#parts.gate.refuse(peer, options.refuseMs);
    this.#parts.links.abort(this.#parts.links.of(peer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new DOMException('the network was closed', 'AbortError'));
    this.#parts.links[Symbol.dispose]();
    await this.#parts.libp2p.stop();
  }

  async #openStream(link: Link, protocol: string, { signal }: Waiting): Promise<Stream> {
    try {
      const options = { signal, runOnLimitedConnection: true, maxOutboundStreams: STREAMS_MAX };
      return await link.connection.newStream(protocol, options);
    } catch (cause) {
      signal.throwIfAborted();
      const { peer } = link;
      if (cause instanceof Error && cause.name === 'UnsupportedProtocolError') {
        throw openRefused('NETWORK_PROTOCOL_UNKNOWN', { peer, protocol });
      }
      if (link.connection.status === 'open') throw channelLost(peer, { cause });
      throw unreachable(peer, [link.address], { cause });
    }
  }

  /** Whoever dials a peer at the same time gets the same connection. */
  #connect(peer: KeyId, addresses: readonly string[]): Promise<Link> {
    const { gate } = this.#parts;
    if (peer === this.self) return Promise.reject(refused(peer, 'it is this node itself'));
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

  async #reach(peer: KeyId, addresses: readonly string[]): Promise<Link> {
    const { sockets } = this.#parts;
    const signal = AbortSignal.any([AbortSignal.timeout(DIAL_MS), this.#closing.signal]);
    const direct = addresses.filter((address) => parseAddress(address)?.relay === null);
    const attempt = async (address: string, options: Waiting): Promise<Connection> => {
      const connection = await sockets.dial({ peer, address }, options);
      const traffic = sockets.trafficOf(connection);
      if (traffic !== null) await confirm(connection, traffic, options);
      return connection;
    };
    const discard = (late: Connection): void => late.abort(new RangeError('another address was quicker'));
    try {
      const connection = await firstOf({ peer, addresses: direct }, attempt, { signal, discard });
      const link = this.#add(connection);
      if (link === null) throw unreachable(peer, direct);
      return link;
    } catch (error) {
      if (signal.aborted) throw unreachable(peer, direct, { cause: signal.reason });
      throw error;
    }
  }

  #remember(peer: KeyId, addresses: readonly string[]): void {
    this.#known.delete(peer);
    this.#known.set(peer, addresses);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_PEERS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** null: it is over already. */
  #add(connection: Connection): Link | null {
    const { links, sockets, clock } = this.#parts;
    const peer = keyIdOf(connection.remotePeer);
    const traffic = sockets.trafficOf(connection);
    if (peer === null || traffic === null || connection.status !== 'open') {
      connection.abort(new RangeError('a connection that is none of ours'));
      return null;
    }
    const link: Link = {
      ...{ peer, traffic, connection },
      reach: 'direct',
      inbound: connection.direction === 'inbound',
      address: withoutPeer(connection.remoteAddr.toString()),
      sinceMs: clock.monotonicMs(),
    };
    links.add(link);
    return link;
  }

  #remove(connection: Connection): void {
    const { links, libp2p } = this.#parts;
    const link = links.all().find((other) => other.connection === connection);
    if (link === undefined || !links.remove(link)) return;
    // What libp2p noted of the peer would stay for ever, and strangers come with new keys.
    libp2p.peerStore.delete(peerIdOf(link.peer)).catch(() => undefined);
  }
}

/** libp2p writes the peer's own id behind an address. */
function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/.*$/, '');
}
