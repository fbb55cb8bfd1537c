/** The protocols that this node serves, and who may use them. */
import { invariant } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { OpenRefusal } from '@filon/core/swarm/network-errors';
import type { Connection, Stream } from '@libp2p/interface';
import type { Channel, ProtocolLimits } from '../../ports/network.ts';
import { StreamChannel } from './channel.ts';
import { keyIdOf } from './keys.ts';

interface Handler {
  serve: (channel: Channel) => Promise<void>;
  limits: ProtocolLimits;
  /** Channels that are open now. */
  channels: Map<KeyId, number>;
}

/** By the byte that the opening of a channel is answered with; 0 lets it in. */
const REFUSALS: readonly OpenRefusal[] = [
  'NETWORK_PROTOCOL_UNKNOWN',
  'NETWORK_STRANGER',
  'NETWORK_CHANNELS_FULL',
];

/** null: it was let in. */
export function refusalOf(status: number): OpenRefusal | null {
  return status === 0 ? null : (REFUSALS[status - 1] ?? 'NETWORK_PROTOCOL_UNKNOWN');
}

export class Handlers {
  readonly #isMember: (peer: KeyId) => boolean;
  readonly #handlers = new Map<string, Handler>();

  constructor(deps: { isMember: (peer: KeyId) => boolean }) {
    this.#isMember = deps.isMember;
  }

  add(protocol: string, handler: Omit<Handler, 'channels'>): void {
    invariant(!this.#handlers.has(protocol), `${protocol} is handled once`);
    this.#handlers.set(protocol, { ...handler, channels: new Map() });
  }

  delete(protocol: string): void {
    this.#handlers.delete(protocol);
  }

  /** Answers a peer's opening. */
  take(protocol: string, stream: Stream, connection: Connection): void {
    const peer = keyIdOf(connection.remotePeer);
    const handler = this.#handlers.get(protocol);
    if (peer === null || handler === undefined) {
      stream.abort(new RangeError(`nobody here speaks ${protocol}`));
      return;
    }
    const { frameBytesMax } = handler.limits;
    const channel = new StreamChannel(stream, { peer, frameBytesMax, awaitsStatus: false });
    const refusal = this.#refusal(handler, peer);
    if (refusal !== null) channel.refuse(REFUSALS.indexOf(refusal) + 1);
    else void this.#serve(channel, handler);
  }

  #refusal({ limits, channels }: Handler, peer: KeyId): OpenRefusal | null {
    if (!limits.strangers && !this.#isMember(peer)) return 'NETWORK_STRANGER';
    return (channels.get(peer) ?? 0) >= limits.channelsPerPeerMax ? 'NETWORK_CHANNELS_FULL' : null;
  }

  async #serve(channel: StreamChannel, { serve, channels }: Handler): Promise<void> {
    channels.set(channel.peer, (channels.get(channel.peer) ?? 0) + 1);
    try {
      channel.accept();
      await serve(channel);
      channel.discard();
      await channel.end();
    } catch {
      channel.abort();
    } finally {
      const left = (channels.get(channel.peer) ?? 1) - 1;
      if (left > 0) channels.set(channel.peer, left);
      else channels.delete(channel.peer);
    }
  }
}
