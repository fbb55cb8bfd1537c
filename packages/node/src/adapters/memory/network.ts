/**
 * Networks of one process, for tests and simulations: whole frames with real back-pressure over lines whose delay, rate
 * and health are set at will. Time is the given clock's, so a manual one simulates hours in moments. Encrypts nothing.
 */
import { orAborted } from '@filon/core/abort';
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { type OpenRefusal, openRefused, refused, unreachable } from '@filon/core/swarm/network-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type {
  Channel,
  Network,
  PeerAddress,
  PeerConnection,
  ProtocolLimits,
  Reach,
} from '../../ports/network.ts';
import { type ChannelEnd, channelPair, type MemoryChannel } from './network-channel.ts';
import { Line, type LineShape } from './network-line.ts';

/** How long a frozen peer is believed in; the real adapter promises under 3 s. */
const FROZEN_LOST_MS = 2500;
/** To a dial or the opening of a channel. */
const ANSWER_MAX_MS = 10_000;
const KNOWN_PEERS_MAX = 4096;

export interface MemoryNode {
  key: KeyId;
  /** Who may open channels of protocols that are not for strangers. Everybody by default. */
  isMember?: (peer: KeyId) => boolean;
  /** `[memory/KEY]` by default. A node without any can dial and is dialled by nobody. */
  addresses?: readonly string[];
}

export interface MemoryHub {
  open(node: MemoryNode): Network;
  /** Of both directions between two nodes, from now on. */
  shape(a: KeyId, b: KeyId, shape: Partial<LineShape> & { reach?: Reach }): void;
  /** Ends their connection and lets none be made until `mend`. */
  cut(a: KeyId, b: KeyId): void;
  /** Nothing passes between them, and nobody says so; they notice after 2.5 s. */
  freeze(a: KeyId, b: KeyId): void;
  /** Undoes `cut` and `freeze`. */
  mend(a: KeyId, b: KeyId): void;
}

export function createMemoryHub(deps: { clock: Clock }): MemoryHub {
  return new Hub(deps.clock);
}

interface Handler {
  serve: (channel: Channel) => Promise<void>;
  limits: ProtocolLimits;
  /** Channels that are open now. */
  channels: Map<KeyId, number>;
}

/** The two directions between two nodes, by the node that sends. */
interface Cable {
  lines: Map<KeyId, Line>;
  isCut: boolean;
  reach: Reach;
  /** Aborted, and made anew, when the connection ends: what waits for an answer stops waiting. */
  gone: AbortController;
}

class Hub implements MemoryHub {
  readonly clock: Clock;
  readonly nodes: Map<KeyId, MemoryNetwork> = new Map();
  readonly #cables = new Map<string, Cable>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(node: MemoryNode): Network {
    invariant(!this.nodes.has(node.key), 'a key is on the hub once');
    const network = new MemoryNetwork(this, node);
    this.nodes.set(node.key, network);
    return network;
  }

  shape(a: KeyId, b: KeyId, shape: Partial<LineShape> & { reach?: Reach }): void {
    const cable = this.cable(a, b);
    const { reach, ...rest } = shape;
    if (reach !== undefined) cable.reach = reach;
    for (const line of cable.lines.values()) line.shape = { ...line.shape, ...rest };
  }

  cut(a: KeyId, b: KeyId): void {
    this.cable(a, b).isCut = true;
    this.part(a, b);
  }

  freeze(a: KeyId, b: KeyId): void {
    const lines = [...this.cable(a, b).lines.values()];
    for (const line of lines) line.freeze(true);
    void this.clock.sleep(FROZEN_LOST_MS, {}).then(() => {
      if (lines.every((line) => line.frozen)) this.part(a, b);
    });
  }

  mend(a: KeyId, b: KeyId): void {
    const cable = this.cable(a, b);
    cable.isCut = false;
    for (const line of cable.lines.values()) line.freeze(false);
  }

  cable(a: KeyId, b: KeyId): Cable {
    const name = a < b ? `${a} ${b}` : `${b} ${a}`;
    let cable = this.#cables.get(name);
    if (cable === undefined) {
      const lines = new Map([a, b].map((key) => [key, new Line(this.clock)]));
      cable = { lines, isCut: false, reach: 'direct', gone: new AbortController() };
      this.#cables.set(name, cable);
    }
    return cable;
  }

  line(from: KeyId, to: KeyId): Line {
    const line = this.cable(from, to).lines.get(from);
    invariant(line !== undefined, 'a cable has both directions');
    return line;
  }

  /** Ends the connection of two nodes on both sides, if there is one. */
  part(a: KeyId, b: KeyId): void {
    const cable = this.cable(a, b);
    for (const line of cable.lines.values()) line.clear();
    const { gone } = cable;
    cable.gone = new AbortController();
    gone.abort(unreachable(b, []));
    this.nodes.get(a)?.forget(b);
    this.nodes.get(b)?.forget(a);
  }

  /** Waits as long as something sent now takes to be over. */
  async travel(from: KeyId, to: KeyId, { signal }: Waiting): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = new AbortController();
    const either = AbortSignal.any([signal, this.cable(from, to).gone.signal]);
    this.line(from, to).carry(0, resolve);
    const late = this.clock.sleep(ANSWER_MAX_MS, { signal: over.signal }).then(
      () => Promise.reject(unreachable(to, [])),
      () => undefined,
    );
    await orAborted(Promise.race([promise, late]), either).finally(() => over.abort());
  }
}

interface Connection {
  dialled: boolean;
  channels: Set<MemoryChannel>;
  sinceMs: number;
  receivedBytes: number;
  sentBytes: number;
}

type Listener = Parameters<Network['watch']>[0];

class MemoryNetwork implements Network {
  readonly self: KeyId;
  readonly #hub: Hub;
  readonly #isMember: (peer: KeyId) => boolean;
  readonly #addresses: readonly string[];
  readonly #connections = new Map<KeyId, Connection>();
  readonly #known = new Map<KeyId, readonly string[]>();
  readonly #handlers = new Map<string, Handler>();
  readonly #listeners = new Set<Listener>();
  readonly #refusedUntilMs = new Map<KeyId, number>();

  constructor(hub: Hub, node: MemoryNode) {
    this.#hub = hub;
    this.self = node.key;
    this.#isMember = node.isMember ?? (() => true);
    this.#addresses = node.addresses ?? [`memory/${node.key}`];
  }

  addresses(): readonly string[] {
    return this.#addresses;
  }

  async dial({ peer, addresses }: PeerAddress, options: Waiting): Promise<PeerConnection> {
    options.signal.throwIfAborted();
    if (!this.#connections.has(peer)) await this.#connect(peer, addresses, options);
    this.#known.delete(peer);
    this.#known.set(peer, addresses);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KNOWN_PEERS_MAX && oldest !== undefined) this.#known.delete(oldest);
    const connection = this.peers().find((other) => other.peer === peer);
    if (connection === undefined) throw unreachable(peer, addresses);
    return connection;
  }

  async open(peer: KeyId, protocol: string, options: Waiting & { frameBytesMax: number }): Promise<Channel> {
    options.signal.throwIfAborted();
    const addresses = this.#known.get(peer) ?? [];
    if (!this.#connections.has(peer)) await this.dial({ peer, addresses }, options);
    const other = this.#hub.nodes.get(peer);
    if (other === undefined) throw unreachable(peer, addresses);
    const [near, far] = channelPair(this.#end(peer), other.#end(this.self));
    near.frameBytesMax = options.frameBytesMax;
    this.#connections.get(peer)?.channels.add(near);
    try {
      await this.#hub.travel(this.self, peer, options);
      const refusal = other.#take(far, protocol);
      await this.#hub.travel(peer, this.self, options);
      if (refusal !== null) throw openRefused(refusal, { peer, protocol });
      return near;
    } catch (error) {
      near.abort();
      throw error;
    }
  }

  handle(protocol: string, serve: (channel: Channel) => Promise<void>, limits: ProtocolLimits): Disposable {
    invariant(!this.#handlers.has(protocol), `${protocol} is handled once`);
    this.#handlers.set(protocol, { serve, limits, channels: new Map() });
    return { [Symbol.dispose]: () => void this.#handlers.delete(protocol) };
  }

  peers(): readonly PeerConnection[] {
    return [...this.#connections].map(([peer, { channels: _, ...counted }]) => {
      const cable = this.#hub.cable(this.self, peer);
      const roundTripMs = [...cable.lines.values()].reduce((sum, line) => sum + line.shape.delayMs, 0);
      return { peer, reach: cable.reach, address: `memory/${peer}`, roundTripMs, ...counted };
    });
  }

  watch(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  drop(peer: KeyId, options?: { refuseMs: number }): void {
    if (options !== undefined) {
      this.#refusedUntilMs.set(peer, this.#hub.clock.monotonicMs() + options.refuseMs);
    }
    this.#hub.part(this.self, peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hub.nodes.delete(this.self);
    for (const peer of [...this.#connections.keys()]) {
      this.#hub.part(this.self, peer);
      this.forget(peer);
    }
  }

  forget(peer: KeyId): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#connections.delete(peer);
    for (const channel of [...connection.channels]) channel.lose();
    this.#tell('lost', peer);
  }

  async #connect(peer: KeyId, addresses: readonly string[], options: Waiting): Promise<void> {
    if (this.#refuses(peer)) throw refused(peer, 'this node refuses it for a while');
    const found = [...this.#hub.nodes.values()].find((node) =>
      node.addresses().some((address) => addresses.includes(address)),
    );
    if (found === undefined || this.#hub.cable(this.self, found.self).isCut)
      throw unreachable(peer, addresses);
    if (found.self !== peer) throw refused(peer, `another key answered at ${addresses.join(', ')}`);
    await this.#hub.travel(this.self, peer, options);
    await this.#hub.travel(peer, this.self, options);
    if (this.#connections.has(peer)) return;
    if (found.#refuses(this.self)) throw refused(peer, 'it hung up');
    this.#meet(peer, { dialled: true });
    found.#meet(this.self, { dialled: false });
  }

  #refuses(peer: KeyId): boolean {
    return (this.#refusedUntilMs.get(peer) ?? 0) > this.#hub.clock.monotonicMs();
  }

  #meet(peer: KeyId, { dialled }: { dialled: boolean }): void {
    const sinceMs = this.#hub.clock.monotonicMs();
    this.#connections.set(peer, { dialled, channels: new Set(), sinceMs, receivedBytes: 0, sentBytes: 0 });
    this.#tell('connected', peer);
  }

  #tell(kind: 'connected' | 'lost', peer: KeyId): void {
    for (const listener of [...this.#listeners]) listener({ kind, peer });
  }

  /** Serves a channel that a peer opened, or says why not. */
  #take(channel: MemoryChannel, protocol: string): OpenRefusal | null {
    const { peer } = channel;
    const handler = this.#handlers.get(protocol);
    if (handler === undefined) return 'NETWORK_PROTOCOL_UNKNOWN';
    if (!handler.limits.strangers && !this.#isMember(peer)) return 'NETWORK_STRANGER';
    const count = handler.channels.get(peer) ?? 0;
    if (count >= handler.limits.channelsPerPeerMax) return 'NETWORK_CHANNELS_FULL';
    handler.channels.set(peer, count + 1);
    channel.frameBytesMax = handler.limits.frameBytesMax;
    this.#connections.get(peer)?.channels.add(channel);
    void this.#serve(channel, handler);
    return null;
  }

  async #serve(channel: MemoryChannel, handler: Handler): Promise<void> {
    try {
      await handler.serve(channel);
      channel.discard();
      await channel.end();
    } catch {
      channel.abort();
    } finally {
      const left = (handler.channels.get(channel.peer) ?? 1) - 1;
      if (left > 0) handler.channels.set(channel.peer, left);
      else handler.channels.delete(channel.peer);
    }
  }

  #end(peer: KeyId): ChannelEnd {
    const connection = this.#connections.get(peer);
    return {
      peer,
      line: this.#hub.line(this.self, peer),
      onSent: (bytes) => {
        if (connection !== undefined) connection.sentBytes += bytes;
      },
      onReceived: (bytes) => {
        if (connection !== undefined) connection.receivedBytes += bytes;
      },
      onOver: (channel) => void connection?.channels.delete(channel),
    };
  }
}
