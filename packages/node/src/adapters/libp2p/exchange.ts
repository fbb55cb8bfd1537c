/** Questions and answers of small protocols over a channel. */
import { orAborted } from '@filon/core/abort';
import { channelLost } from '@filon/core/swarm/network-errors';
import type { Message, MessageCodec } from '@filon/core/wire/messages';
import type { Waiting } from '../../ports/engine.ts';
import type { Channel } from '../../ports/network.ts';

/** The next message. Codes: WIRE_*, NETWORK_CHANNEL_LOST (it ended). */
export async function receive<M extends Message>(
  channel: Channel,
  codec: MessageCodec<M>,
  { signal }: Waiting,
): Promise<M> {
  const { value, done } = await orAborted(channel.frames[Symbol.asyncIterator]().next(), signal);
  if (done === true) throw channelLost(channel.peer);
  return codec.decode(value);
}
