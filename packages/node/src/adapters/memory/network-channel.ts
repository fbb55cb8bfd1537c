/** A channel of the hub: two pipes, each of which holds its sender up when its reader is slow. */
import { orAborted } from '@filon/core/abort';
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { channelLost, frameTooLarge } from '@filon/core/swarm/network-errors';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';
import type { Line } from './network-line.ts';

/** As much as js-libp2p's streams have under way with this project's settings. */
const WINDOW_BYTES = 262_144;

/** One end of a channel. */
export interface ChannelEnd {
  peer: KeyId;
  /** What goes out from here. */
  line: Line;
  onSent(bytes: number): void;
  onReceived(bytes: number): void;
  onOver(channel: MemoryChannel): void;
}

/** Both ends of a new channel. */
export function channelPair(near: ChannelEnd, far: ChannelEnd): [MemoryChannel, MemoryChannel] {
  const pair: [MemoryChannel, MemoryChannel] = [new MemoryChannel(near), new MemoryChannel(far)];
  pair[0].other = pair[1];
  pair[1].other = pair[0];
  return pair;
}

export class MemoryChannel implements Channel {
  other: MemoryChannel | null = null;
  frameBytesMax = 0;
  readonly #end: ChannelEnd;
  /** What arrived and was not read yet. */
  #arrived: Uint8Array[] = [];
  /** Sent by this end and not read by the other yet. */
  #outstandingBytes = 0;
  #sentAll = false;
  #receivedAll = false;
  #discarding = false;
  #error: Error | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(end: ChannelEnd) {
    this.#end = end;
  }

  get peer(): KeyId {
    return this.#end.peer;
  }

  async send(frame: Uint8Array, options: Waiting): Promise<void> {
    const bytes = frame.byteLength;
    const bytesMax = this.frameBytesMax;
    invariant(bytes > 0, 'a frame has at least one byte');
    if (bytes > bytesMax) throw frameTooLarge(this.peer, { bytes, bytesMax });
    invariant(!this.#sentAll, 'nothing is sent after the end');
    options.signal.throwIfAborted();
    while (this.#error === null && !this.#hasRoom(bytes))
      await orAborted(this.#changed.promise, options.signal);
    if (this.#error !== null) throw this.#error;
    this.#outstandingBytes += bytes;
    this.#end.onSent(bytes);
    const copy = new Uint8Array(frame);
    this.#end.line.carry(bytes, () => this.other?.arrive(copy));
  }

  readonly frames: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => this.#next() }),
  };

  async end(): Promise<void> {
    if (this.#sentAll || this.#error !== null) return;
    this.#sentAll = true;
    this.#end.line.carry(0, () => this.other?.arriveEnd());
    this.#settle();
  }

  abort(): void {
    if (this.#isOver()) return;
    this.#arrived = [];
    this.lose();
    this.#end.line.carry(0, () => this.other?.lose());
  }

  /** Nobody reads here any more: what still comes is thrown away, so that the other end is not held up for ever. */
  discard(): void {
    this.#discarding = true;
    for (const frame of this.#arrived.splice(0)) this.other?.read(frame.byteLength);
  }

  arrive(frame: Uint8Array): void {
    if (this.#error !== null) return;
    const bytes = frame.byteLength;
    const bytesMax = this.frameBytesMax;
    this.#end.onReceived(bytes);
    if (bytes > bytesMax) {
      this.abort();
      this.#error = frameTooLarge(this.peer, { bytes, bytesMax });
    } else if (this.#discarding) this.other?.read(bytes);
    else this.#arrived.push(frame);
    this.#signal();
  }

  arriveEnd(): void {
    this.#receivedAll = true;
    this.#settle();
  }

  /** The other end took a frame. */
  read(bytes: number): void {
    this.#outstandingBytes -= bytes;
    this.#signal();
  }

  lose(): void {
    if (this.#isOver()) return;
    this.#error = channelLost(this.peer);
    this.#settle();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const frame = this.#arrived.shift();
      if (frame !== undefined) {
        this.other?.read(frame.byteLength);
        return { done: false, value: frame };
      }
      if (this.#error !== null) throw this.#error;
      if (this.#receivedAll) return { done: true, value: undefined };
      await this.#changed.promise;
    }
  }

  #hasRoom(bytes: number): boolean {
    return this.#outstandingBytes === 0 || this.#outstandingBytes + bytes <= WINDOW_BYTES;
  }

  #isOver(): boolean {
    return this.#error !== null || (this.#sentAll && this.#receivedAll);
  }

  #settle(): void {
    this.#signal();
    if (this.#isOver()) this.#end.onOver(this);
  }

  #signal(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
