/**
 * The Network port on js-libp2p 3: TCP, noise, yamux. Only what is needed of it runs: no identify, no peer routing, no
 * monitor; what peers say of themselves comes by this project's own protocols, from members.
 */
import type { KeyObject } from 'node:crypto';
import { orAborted } from '@filon/core/abort';
import { FilonError } from '@filon/core/errors';
import { parseAddress } from '@filon/core/swarm/address';
import type { KeyId } from '@filon/core/swarm/key-id';
import { channelLost, openRefused, unreachable } from '@filon/core/swarm/network-errors';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { createLibp2p } from 'libp2p';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type {
  Channel,
  Network,
  PeerAddress,
  PeerConnection,
  ProtocolLimits,
  Reachability,
} from '../../ports/network.ts';
import { StreamChannel } from './channel.ts';
import { Dialler, withoutPeer } from './dialler.ts';
import { Gate } from './gate.ts';
import { Handlers, refusalOf } from './handlers.ts';
import { peerIdOf, privateKeyOf } from './keys.ts';
import { DEFAULT_LIMITS, HANDSHAKE_MS, type NetworkLimits, STREAMS_MAX } from './limits.ts';
import { type Link, openMuxer } from './link.ts';
import { Links } from './links.ts';
import type { RelayMemory } from './relay-budget.ts';
import { Sockets } from './transport.ts';
import { Ways, type WaysConfig } from './ways.ts';

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
  /** Without any of them by default. */
  ways?: Partial<WaysConfig>;
}

const NO_WAYS: WaysConfig = { relay: null, useRelays: false, punch: false, mapPort: false, lan: false };

export interface Libp2pDeps {
  /** Asked at each opening of a channel, so it must be quick. */
  isMember: (peer: KeyId) => boolean;
  clock: Clock;
  /** Where what was passed on is counted beyond the end of this network. */
  relayed?: RelayMemory;
  /** Told of nodes on the same network, where `ways.lan` asks for it: anybody there may say anything. */
  onFound?: (address: PeerAddress) => void;
}

export interface Libp2pNetwork extends Network {
  /** The addresses of this machine that are listened on. */
  listening(): readonly string[];
  reachability(): Reachability;
}

/** Codes: NETWORK_LISTEN_FAILED. */
export async function openLibp2pNetwork(config: Libp2pConfig, deps: Libp2pDeps): Promise<Libp2pNetwork> {
  const privateKey = privateKeyOf(config.key);
  const self = Buffer.from(privateKey.publicKey.raw).toString('base64url');
  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const links = new Links(self, deps);
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
    const ways = { ...NO_WAYS, ...config.ways };
    const announce = config.announce ?? [];
    return new Node({ ...deps, ...{ self, libp2p, links, gate, sockets, announce } }, ways);
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
  readonly #dialler: Dialler;
  readonly #ways: Ways;

  constructor(parts: Parts, ways: WaysConfig) {
    this.self = parts.self;
    this.#parts = parts;
    this.#handlers = new Handlers(parts);
    const { libp2p, links, gate } = parts;
    libp2p.addEventListener('connection:open', ({ detail }) => {
      // This node's own are added when the other end confirmed them.
      if (detail.direction === 'inbound') this.#dialler.add(detail);
    });
    libp2p.addEventListener('connection:close', ({ detail }) => this.#remove(detail));
    const listening = (): readonly string[] => this.listening();
    const onPunched = (connection: Connection): void =>
      void this.#dialler
        .confirmed(connection, { signal: AbortSignal.timeout(HANDSHAKE_MS) })
        .catch(() => undefined);
    this.#ways = new Ways(this, { ...parts, listening, onPunched }, ways);
    this.#dialler = new Dialler(this, parts, this.#ways.punchPort);
    this.#ways.start();
    links.onCheck((nowMs) => {
      links.abort(gate.overstayed(nowMs));
      this.#ways.check(nowMs);
    });
  }

  reachability(): Reachability {
    return this.#ways.reachability();
  }

  addresses(): readonly string[] {
    const { announce } = this.#parts;
    return announce.length > 0 ? announce : this.#ways.addresses();
  }

  listening(): readonly string[] {
    const addresses = this.#parts.libp2p.getMultiaddrs().map((address) => withoutPeer(address.toString()));
    return addresses.filter((address) => parseAddress(address) !== null);
  }

  async dial({ peer, addresses }: PeerAddress, { signal }: Waiting): Promise<PeerConnection> {
    signal.throwIfAborted();
    const { links } = this.#parts;
    const link = links.best(peer) ?? (await orAborted(this.#dialler.connect(peer, addresses), signal));
    this.#dialler.remember(peer, addresses);
    return links.describe(link);
  }

  async open(peer: KeyId, protocol: string, options: Waiting & { frameBytesMax: number }): Promise<Channel> {
    const { signal, frameBytesMax } = options;
    const known = this.#dialler.known(peer);
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
    this.#dialler[Symbol.dispose]();
    this.#parts.links[Symbol.dispose]();
    await this.#ways[Symbol.asyncDispose]();
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

  #remove(connection: Connection): void {
    const { links, libp2p } = this.#parts;
    const link = links.all().find((other) => other.connection === connection);
    if (link === undefined || !links.remove(link)) return;
    // What libp2p noted of the peer would stay for ever, and strangers come with new keys.
    libp2p.peerStore.delete(peerIdOf(link.peer)).catch(() => undefined);
  }
}
