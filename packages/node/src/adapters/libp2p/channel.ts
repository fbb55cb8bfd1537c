/**
 * A channel over one stream of a connection. js-libp2p's own readers have no back-pressure (a slow one is reset at 4 MB)
 * and a process that was killed looks like a stream that ended, so this listens to the stream's events itself: it pauses
 * the stream on its own backlog, waits for the stream to drain, and takes only the frame that says so for the end.
 */
import { orAborted } from '@filon/core/abort';
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import { channelLost, frameTooLarge } from '@filon/core/swarm/network-errors';
import type { Stream } from '@libp2p/interface';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';
import { END_OF_FRAMES, type FrameFault, FrameReader, type FrameSign, frameHeader } from './framer.ts';

/** Small frames of other channels wait for at most so much of each large one. */
const PIECE_BYTES = 16_384;
/** Of bytes that nobody took yet; the stream's window (256 KiB) comes on top. */
const BACKLOG_BYTES = 65_536;
const SENDS_WAITING_MAX = 1024;
/** How long the other side may take to end its half after ours is over and nobody reads. */
const LINGER_MS = 10_000;

export class StreamChannel implements Channel {
  readonly peer: KeyId;
  readonly #stream: Stream;
  readonly #reader: FrameReader;
  readonly #frameBytesMax: number;
  /** The first byte that came, where one is waited for before the frames. */
  readonly #status: PromiseWithResolvers<number> | null;
  #statusPending: boolean;
  /** As they came: frames are made when they are taken, since many small ones would be far larger than their bytes. */
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  /** What is left in the piece that is read now. */
  #signs: Iterator<FrameSign> | null = null;
  #nothingMoreComes = false;
  #sending: Promise<void> = Promise.resolve();
  #sendsWaiting = 0;
  #sentAll = false;
  #receivedAll = false;
  #discarding = false;
  #error: Error | null = null;
  #linger: NodeJS.Timeout | null = null;
  #changed = Promise.withResolvers<void>();

  constructor(stream: Stream, options: { peer: KeyId; frameBytesMax: number; awaitsStatus: boolean }) {
    this.peer = options.peer;
    this.#stream = stream;
    this.#frameBytesMax = options.frameBytesMax;
    this.#reader = new FrameReader(options.frameBytesMax);
    this.#status = options.awaitsStatus ? Promise.withResolvers() : null;
    this.#statusPending = options.awaitsStatus;
    this.#status?.promise.catch(() => undefined);
    stream.addEventListener('message', ({ data }) => {
      for (const piece of data instanceof Uint8Array ? [data] : data) this.#receive(piece);
    });
    for (const kind of ['drain', 'idle'] as const) stream.addEventListener(kind, () => this.#signal());
    stream.addEventListener('end', () => this.#onStreamEnd());
    stream.addEventListener('close', ({ error }) =>
      error === undefined ? this.#onStreamEnd() : this.#lose(),
    );
    if (stream.status !== 'open') this.#onStreamEnd();
  }

  /** The byte that the other side answered the opening with. */
  async status(options: Waiting): Promise<number> {
    invariant(this.#status !== null, 'a status is waited for where one comes');
    return await orAborted(this.#status.promise, options.signal);
  }

  /** Answers the opening. */
  accept(): void {
    this.#stream.send(Uint8Array.of(0));
  }

  /** Answers the opening with why it is refused, and ends the channel. */
  refuse(status: number): void {
    this.#stream.send(Uint8Array.of(status));
    this.discard();
    void this.#close();
  }

  async send(frame: Uint8Array, { signal }: Waiting): Promise<void> {
    const bytes = frame.byteLength;
    const bytesMax = this.#frameBytesMax;
    invariant(bytes > 0, 'a frame has at least one byte');
    if (bytes > bytesMax) throw frameTooLarge(this.peer, { bytes, bytesMax });
    invariant(!this.#sentAll, 'nothing is sent after the end');
    invariant(
      this.#sendsWaiting < SENDS_WAITING_MAX,
      `at most ${SENDS_WAITING_MAX} sends wait for one channel`,
    );
    signal.throwIfAborted();
    this.#sendsWaiting++;
    const sent = this.#sending.then(() => this.#write(frame, signal));
    this.#sending = sent.catch(() => undefined);
    void this.#sending.then(() => this.#sendsWaiting--);
    await orAborted(sent, signal);
  }

  readonly frames: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => this.#next() }),
  };

  async end(): Promise<void> {
    if (this.#sentAll || this.#error !== null) return;
    this.#sentAll = true;
    await this.#sending;
    if (this.#error !== null) return;
    try {
      this.#stream.send(END_OF_FRAMES);
    } catch {
      return;
    }
    await this.#close();
  }

  abort(): void {
    if (this.#isOver()) return;
    this.#backlog = [];
    this.#signs = null;
    this.#lose();
    this.#stream.abort(channelLost(this.peer));
  }

  /** Nobody reads here any more: what still comes is thrown away for a while, then the channel is aborted. */
  discard(): void {
    this.#discarding = true;
    while (this.#take() !== null);
    if (this.#isOver()) return;
    this.#linger = setTimeout(() => this.abort(), LINGER_MS);
    this.#linger.unref();
  }

  #receive(piece: Uint8Array): void {
    if (this.#error !== null) return;
    let rest = piece;
    if (this.#statusPending && rest.byteLength > 0) {
      this.#statusPending = false;
      this.#status?.resolve(rest[0] ?? 0);
      rest = rest.subarray(1);
    }
    if (rest.byteLength === 0) return;
    // Not slice(): a Buffer's shares its memory, which may be larger by far.
    this.#backlog.push(new Uint8Array(rest));
    this.#backlogBytes += rest.byteLength;
    if (this.#discarding) while (this.#take() !== null);
    else if (this.#backlogBytes > BACKLOG_BYTES) this.#flow('pause');
    this.#signal();
  }

  /** The next frame that is there, or null: then the channel's state says why. */
  #take(): Uint8Array | null {
    for (;;) {
      const sign = this.#signs?.next();
      if (sign === undefined || sign.done === true) {
        this.#signs = null;
        const piece = this.#backlog.shift();
        if (piece === undefined) break;
        this.#backlogBytes -= piece.byteLength;
        this.#signs = this.#reader.read(piece);
        if (this.#backlogBytes <= BACKLOG_BYTES) this.#flow('resume');
      } else if (sign.value === 'end') {
        this.#receivedAll = true;
        this.#settle();
      } else if ('frame' in sign.value) return sign.value.frame;
      else this.#break(sign.value);
    }
    if (this.#nothingMoreComes && !this.#receivedAll) this.#lose();
    return null;
  }

  #break(fault: FrameFault): void {
    const bytesMax = this.#frameBytesMax;
    this.#error ??=
      fault.fault === 'too-large'
        ? frameTooLarge(this.peer, { bytes: fault.bytes, bytesMax })
        : channelLost(this.peer, { cause: 'the length of a frame is malformed' });
    this.#stream.abort(this.#error);
    this.#settle();
  }

  async #write(frame: Uint8Array, signal: AbortSignal): Promise<void> {
    const header = frameHeader(frame.byteLength);
    const first = new Uint8Array(Math.min(PIECE_BYTES, header.byteLength + frame.byteLength));
    first.set(header);
    first.set(frame.subarray(0, first.byteLength - header.byteLength), header.byteLength);
    await this.#sendPiece(first, signal);
    try {
      for (let at = first.byteLength - header.byteLength; at < frame.byteLength; at += PIECE_BYTES) {
        await this.#sendPiece(new Uint8Array(frame.subarray(at, at + PIECE_BYTES)), signal);
      }
    } catch (error) {
      // Half a frame went: nothing can follow it.
      this.abort();
      throw error;
    }
  }

  /** A drained stream may still be full, and each piece that it cannot send would stay in its buffer. */
  async #sendPiece(piece: Uint8Array, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const stream = this.#stream;
    while (stream.status === 'open' && (stream.writeBufferLength > 0 || stream.writableNeedsDrain)) {
      await orAborted(this.#changed.promise, signal);
    }
    if (this.#error !== null) throw this.#error;
    try {
      stream.send(piece);
    } catch (cause) {
      throw channelLost(this.peer, { cause });
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const frame = this.#take();
      if (frame !== null) return { done: false, value: frame };
      if (this.#error !== null) throw this.#error;
      if (this.#receivedAll) return { done: true, value: undefined };
      await this.#changed.promise;
    }
  }

  #flow(turn: 'pause' | 'resume'): void {
    try {
      this.#stream[turn]();
    } catch {
      // It closed for reading meanwhile, which its events tell.
    }
  }

  /** The stream's own promise of a close rejects when the connection goes first, which its events tell. */
  async #close(): Promise<void> {
    await this.#stream.close({ signal: AbortSignal.timeout(LINGER_MS) }).catch(() => undefined);
    this.#settle();
  }

  /** A paused stream may be over while what it holds was not read yet; then its end comes behind that. */
  #onStreamEnd(): void {
    this.#nothingMoreComes = this.#stream.readBufferLength === 0;
    if (this.#stream.status !== 'open' && this.#receivedAll && !this.#sentAll) this.#lose();
    if (this.#nothingMoreComes && this.#backlog.length === 0 && this.#signs === null && !this.#receivedAll)
      this.#lose();
    this.#settle();
  }

  #lose(): void {
    this.#error ??= channelLost(this.peer);
    this.#statusPending = false;
    this.#status?.reject(this.#error);
    this.#settle();
  }

  #isOver(): boolean {
    return this.#error !== null || (this.#sentAll && this.#receivedAll);
  }

  #settle(): void {
    if (this.#isOver() && this.#linger !== null) clearTimeout(this.#linger);
    this.#signal();
  }

  #signal(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
