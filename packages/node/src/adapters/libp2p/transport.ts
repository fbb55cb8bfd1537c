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
import { multiaddr } from '@multiformats/multiaddr';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import { peerIdOf } from './keys.ts';
import { Traffic } from './link.ts';

interface Components {
  logger: ComponentLogger;
  upgrader: Upgrader;
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
        inner.createListener({ ...options, upgrader: this.upgrader }),
    });
  }

  trafficOf(connection: Connection): Traffic | null {
    return this.#traffic.get(connection.timeline) ?? null;
  }

  /** Connects to the address and makes sure that this key answers. */
  async dial(target: { peer: KeyId; address: string }, { signal }: Waiting): Promise<Connection> {
    invariant(this.#components !== null, 'libp2p was made before it dials');
    signal.throwIfAborted();
    const address = multiaddr(`${target.address}/p2p/${peerIdOf(target.peer).toString()}`);
    // A socket obeys the signal that it was connected with for ever, so it gets one that ends with the dial.
    const dialling = new AbortController();
    const leave = (): void => dialling.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      const options = { signal: dialling.signal, upgrader: this.upgrader };
      return await tcp()(this.#components).dial(address, options);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** libp2p's own, with the counting muxer in each connection. */
  get upgrader(): Upgrader {
    const upgrader = this.#components?.upgrader;
    invariant(upgrader !== undefined, 'libp2p was made before it connects');
    const counted = (socket: MultiaddrConnection, options: UpgraderOptions): UpgraderOptions => {
      const traffic = new Traffic(this.#clock);
      this.#traffic.set(socket.timeline, traffic);
      return { ...options, muxerFactory: traffic.muxerFactory() };
    };
    return Object.assign(Object.create(upgrader), {
      upgradeInbound: (socket: MultiaddrConnection, options: UpgraderOptions) =>
        upgrader.upgradeInbound(socket, counted(socket, options)),
      upgradeOutbound: (socket: MultiaddrConnection, options: UpgraderOptions) =>
        upgrader.upgradeOutbound(socket, counted(socket, options)),
    });
  }
}
