/** A socket whose bytes a relay passes on. The noise on top of it keeps the relay from reading or changing anything. */
import { isFilonError } from '@filon/core/errors';
import { RELAY_FRAME_BYTES_MAX, relayMessages } from '@filon/core/swarm/reach-messages';
import type { ComponentLogger, MessageStreamDirection } from '@libp2p/interface';
import { AbstractMultiaddrConnection } from '@libp2p/utils';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Channel } from '../../ports/network.ts';
import { RELAYED_BYTES } from './relay-host.ts';

/** Bytes that the channel did not take yet, above which the muxer is held up. */
const WAITING_MAX = 65_536;
const PIECE_BYTES = RELAY_FRAME_BYTES_MAX / 2;

type SendResult = ReturnType<AbstractMultiaddrConnection['sendData']>;

interface Init {
  remoteAddr: Multiaddr;
  direction: MessageStreamDirection;
  logger: ComponentLogger;
}

export class RelayedSocket extends AbstractMultiaddrConnection {
  readonly #channel: Channel;
  readonly #over = new AbortController();
  #waitingBytes = 0;
  #resumed: PromiseWithResolvers<void> | null = null;

  constructor(channel: Channel, { logger, ...init }: Init) {
    super({ ...init, log: logger.forComponent('libp2p:relayed') });
    this.#channel = channel;
    void this.#read();
  }

  override sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    const bytes = data.subarray();
    for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      const frame = new Uint8Array(piece.byteLength + 1);
      frame[0] = RELAYED_BYTES;
      frame.set(piece, 1);
      this.#waitingBytes += piece.byteLength;
      this.#channel.send(frame, { signal: this.#over.signal }).then(
        () => this.#sent(piece.byteLength),
        () => this.onTransportClosed(),
      );
    }
    return { sentBytes: bytes.byteLength, canSendMore: this.#waitingBytes < WAITING_MAX };
  }

  override sendReset(): void {
    this.#over.abort();
    this.#channel.abort();
  }

  override async sendClose(): Promise<void> {
    await this.#channel.end();
    this.#over.abort();
    this.#channel.abort();
  }

  override sendPause(): void {
    this.#resumed ??= Promise.withResolvers();
  }

  override sendResume(): void {
    this.#resumed?.resolve();
    this.#resumed = null;
  }

  #sent(bytes: number): void {
    const wasFull = this.#waitingBytes >= WAITING_MAX;
    this.#waitingBytes -= bytes;
    if (wasFull && this.#waitingBytes < WAITING_MAX) this.safeDispatchEvent('drain');
  }

  async #read(): Promise<void> {
    try {
      for await (const frame of this.#channel.frames) {
        // Anything else is the relay's last word.
        if (frame[0] !== RELAYED_BYTES) relayMessages.decode(frame);
        else this.onData(frame.subarray(1));
        await this.#resumed?.promise;
      }
      this.onTransportClosed();
    } catch (error) {
      this.onTransportClosed(isFilonError(error) ? error : undefined);
    }
  }
}
