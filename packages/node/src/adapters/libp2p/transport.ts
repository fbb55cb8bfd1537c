/**
 * TCP, with a count of what flows over each socket. Dials go past libp2p's own queue, which tries one address after the
 * other and keeps what it heard of each for ever.
 */
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type {
  ComponentLogger,
  Connection,
  CreateListenerOptions,
  MultiaddrConnection,
  Transport,
  Upgrader,
  UpgraderOptions,
} from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel, Reach } from '../../ports/network.ts';
import { peerIdOf } from './keys.ts';
import { Traffic } from './link.ts';
import { RelayedSocket } from './relayed-socket.ts';
import { sendWhole } from './socket-manners.ts';

interface Components {
  logger: ComponentLogger;
  upgrader: Upgrader;
}

export interface DialTarget {
  peer: KeyId;
  address: string;
  /** From which to dial. */
  localPort?: number | undefined;
  reach?: Reach;
  /** The other end dials too, and is the one that asks. */
  passive?: boolean;
}

export interface RelayedTarget {
  peer: KeyId;
  relay: KeyId;
  address: string;
  direction: 'inbound' | 'outbound';
  onClose?: () => void;
}

export class Sockets {
  readonly #clock: Clock;
  /** By the timeline, which is all that a connection and its socket share. */
  readonly #traffic = new WeakMap<object, Traffic>();
  #components: Components | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For libp2p, which listens with it. */
  transport(components: Components): Transport {
    this.#components = components;
    const inner = tcp()(components);
    return Object.assign(Object.create(inner), {
      createListener: (options: CreateListenerOptions) =>
        inner.createListener({ ...options, upgrader: this.#upgrader({ reach: 'direct' }) }),
    });
  }

  trafficOf(connection: Connection): Traffic | null {
    return this.#traffic.get(connection.timeline) ?? null;
  }

  /** Connects to the address and makes sure that this key answers. */
  async dial(target: DialTarget, { signal }: Waiting): Promise<Connection> {
    signal.throwIfAborted();
    const { peer, address, localPort, reach = 'direct', passive = false } = target;
    const transport = tcp(localPort === undefined ? {} : { dialOpts: bound(localPort) })(this.#made());
    // A socket obeys the signal that it was connected with for ever, so it gets one that ends with the dial.
    const dialling = new AbortController();
    const leave = (): void => dialling.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      const upgrader = this.#upgrader({ reach, localPort, passive });
      return await transport.dial(addressOf(peer, address), { signal: dialling.signal, upgrader });
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Makes a connection of a channel that a relay passes on. `address` is the relay's. */
  async relayed(channel: Channel, target: RelayedTarget, options: Waiting): Promise<Connection | null> {
    const { logger } = this.#made();
    const { peer, relay, address, direction } = target;
    const remoteAddr = multiaddr(
      `${address}/p2p/${peerIdOf(relay).toString()}/p2p-circuit/p2p/${peerIdOf(peer).toString()}`,
    );
    const socket = new RelayedSocket(channel, { remoteAddr, direction, logger });
    socket.addEventListener('close', () => target.onClose?.());
    const upgrader = this.#upgrader({ reach: 'relayed' });
    try {
      if (direction === 'outbound') return await upgrader.upgradeOutbound(socket, options);
      await upgrader.upgradeInbound(socket, options);
      return null;
    } catch (error) {
      socket.abort(error instanceof Error ? error : new RangeError(String(error)));
      throw error;
    }
  }

  #made(): Components {
    invariant(this.#components !== null, 'libp2p was made before it connects');
    return this.#components;
  }

  /** libp2p's own, with the counting muxer in each connection. */
  #upgrader(how: Pick<DialTarget, 'localPort' | 'passive'> & { reach: Reach }): Upgrader {
    const { upgrader } = this.#made();
    const { passive = false } = how;
    const counted = (socket: MultiaddrConnection, options: UpgraderOptions): UpgraderOptions => {
      const traffic = new Traffic(this.#clock, how);
      this.#traffic.set(socket.timeline, traffic);
      sendWhole(socket);
      return { ...options, muxerFactory: traffic.muxerFactory() };
    };
    return Object.assign(Object.create(upgrader), {
      upgradeInbound: (socket: MultiaddrConnection, options: UpgraderOptions) =>
        upgrader.upgradeInbound(socket, counted(socket, options)),
      upgradeOutbound: (socket: MultiaddrConnection, options: UpgraderOptions) => {
        // Where both sides dialled, one has to be the one that answers, down to the muxer.
        if (passive) socket.direction = 'inbound';
        return upgrader.upgradeOutbound(socket, { ...counted(socket, options), initiator: !passive });
      },
    });
  }
}

const addressOf = (peer: KeyId, address: string): Multiaddr =>
  multiaddr(`${address}/p2p/${peerIdOf(peer).toString()}`);

/** TCP's options reach the socket as they are; their type knows fewer. */
const bound = (localPort: number): object => ({ localPort });
