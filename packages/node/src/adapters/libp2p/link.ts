/** One connection of this node: its traffic, whether it lives, and how far away the other end is. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Connection, MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { yamux } from '@libp2p/yamux';
import type { Clock } from '../../ports/clock.ts';
import type { Reach } from '../../ports/network.ts';
import { STREAM_WINDOW_BYTES, STREAMS_MAX } from './limits.ts';
import { takeTurns } from './socket-manners.ts';

/** A quiet connection is asked whether it lives. */
const QUIET_MS = 1000;
/** Without any byte for so long the other end is taken for dead. */
const DEAD_MS = 2500;
/** A busy one is asked for its round trip no more often. */
const MEASURE_MS = 5000;
/** Weight of a new round trip in the running mean. */
const NEW_SHARE = 0.25;

interface Muxer extends StreamMuxer {
  ping(): Promise<number>;
}

export const openMuxer: () => StreamMuxerFactory<Muxer> = yamux({
  // This asks by itself, and ends what does not answer.
  enableKeepAlive: false,
  maxInboundStreams: STREAMS_MAX,
  maxOutboundStreams: STREAMS_MAX,
  streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES },
});

/** What flows over one socket, from before its other end is known. */
export class Traffic {
  receivedBytes = 0;
  sentBytes = 0;
  lastReceivedMs: number;
  roundTripMs: number | null = null;
  readonly reach: Reach;
  /** What it was dialled from, where that was chosen. */
  readonly localPort: number | null;
  readonly #clock: Clock;
  #muxer: Muxer | null = null;
  #asking: Promise<void> | null = null;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, how: { reach: Reach; localPort?: number | undefined }) {
    this.#clock = clock;
    this.reach = how.reach;
    this.localPort = how.localPort ?? null;
    this.lastReceivedMs = clock.monotonicMs();
  }

  /** Muxes the encrypted stream and counts what passes through it. */
  muxerFactory(): StreamMuxerFactory {
    const inner = openMuxer();
    return Object.assign(Object.create(inner), {
      createStreamMuxer: (stream: MessageStream) => {
        this.#count(stream);
        this.#muxer = inner.createStreamMuxer(stream);
        return this.#muxer;
      },
    });
  }

  /** Resolves when the other end answered. Never earlier than it let this node in. */
  async ask(): Promise<void> {
    this.#asking ??= this.#measure().finally(() => {
      this.#asking = null;
    });
    await this.#asking;
  }

  /** Asks where it is time to. Whether the other end may be believed to live. */
  check(nowMs: number): boolean {
    const quietMs = nowMs - this.lastReceivedMs;
    const isDue = quietMs >= QUIET_MS || nowMs - this.#askedMs >= MEASURE_MS;
    if (isDue && this.#asking === null) this.ask().catch(() => undefined);
    return quietMs < DEAD_MS;
  }

  /** A question that got no answer must stay open: the muxer ends a connection on an answer that nobody waits for. */
  async #measure(): Promise<void> {
    const muxer = this.#muxer;
    if (muxer === null) return;
    this.#askedMs = this.#clock.monotonicMs();
    const startMs = performance.now();
    await muxer.ping();
    const tookMs = performance.now() - startMs;
    const before = this.roundTripMs ?? tookMs;
    this.roundTripMs = before + (tookMs - before) * NEW_SHARE;
  }

  /** Before the muxer listens, because it takes apart what it is given. */
  #count(stream: MessageStream): void {
    stream.addEventListener('message', ({ data }) => {
      this.receivedBytes += data.byteLength;
      this.lastReceivedMs = this.#clock.monotonicMs();
    });
    takeTurns(stream);
    const send = stream.send.bind(stream);
    stream.send = (data) => {
      this.sentBytes += data.byteLength;
      return send(data);
    };
  }
}

export interface Link {
  peer: KeyId;
  reach: Reach;
  inbound: boolean;
  address: string;
  sinceMs: number;
  connection: Connection;
  traffic: Traffic;
}
