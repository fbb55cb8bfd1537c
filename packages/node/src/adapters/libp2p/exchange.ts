/** Questions and answers of small protocols over a channel. */

import { channelLost } from '@filon/core/swarm/network-errors';
import type { Message, MessageCodec } from '@filon/core/wire/messages';
import type { Channel } from '../../ports/network.ts';

/** The next message. Codes: WIRE_*, NETWORK_CHANNEL_LOST (it ended). */
export async function receive<M extends Message>(channel: Channel, codec: MessageCodec<M>): Promise<M> {
  for await (const frame of channel.frames) return codec.decode(frame);
  throw channelLost(channel.peer);
}
