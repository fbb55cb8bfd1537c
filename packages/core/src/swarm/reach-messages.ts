/** Messages by which members help one another to be reached: see docs/protocol/network.md. */
import { z } from 'zod';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import { ADDRESS_CHARACTERS_MAX, parseAddress } from './address.ts';
import { type KeyId, keyId } from './key-id.ts';

const FRAME_BYTES_MAX = 4096;
/** Addresses that are tried for one question. */
export const DIAL_BACK_ADDRESSES_MAX = 4;

export type ReachMessage =
  /** How do I look from there? Answered by `seen`. */
  | { kind: 'look' }
  /** Your end of this connection as it is seen here, and whether I pass others on to you where you cannot be reached. */
  | { kind: 'seen'; address: string; relays: boolean }
  /** Do you get through to me at these? Only those of the host you come from are tried. Answered by `reached`. */
  | { kind: 'dial-back'; addresses: string[] }
  | { kind: 'reached'; addresses: string[] };

export type RelayMessage =
  /** Pass this channel on to that node. Answered by `connected`, then bytes flow. */
  | { kind: 'connect'; peer: KeyId }
  /** Of a relay to the other node: this channel is of that one. Answered by `connected`. */
  | { kind: 'incoming'; peer: KeyId }
  | { kind: 'connected' };

export type PunchMessage =
  /** Where the sender's own end will look from outside. Answered by the same. */
  | { kind: 'punch'; address: string }
  /** Dial now. */
  | { kind: 'go' };

const address = z
  .string()
  .max(ADDRESS_CHARACTERS_MAX)
  .refine((text) => parseAddress(text)?.relay === null, 'it is no address of a node');
const addresses = z.array(address).max(DIAL_BACK_ADDRESSES_MAX);

export const reachMessages: MessageCodec<ReachMessage> = messageCodec<ReachMessage>(
  { protocol: '/filon/reach/1', frameBytesMax: FRAME_BYTES_MAX },
  {
    look: z.object({ kind: z.literal('look') }),
    seen: z.object({ kind: z.literal('seen'), address, relays: z.boolean() }),
    'dial-back': z.object({ kind: z.literal('dial-back'), addresses }),
    reached: z.object({ kind: z.literal('reached'), addresses }),
  },
);

/** A frame of bytes that a relay passes on, or a message before them. */
export const RELAY_FRAME_BYTES_MAX = 65_536;

export const relayMessages: MessageCodec<RelayMessage> = messageCodec<RelayMessage>(
  { protocol: '/filon/relay/1', frameBytesMax: FRAME_BYTES_MAX },
  {
    connect: z.object({ kind: z.literal('connect'), peer: keyId }),
    incoming: z.object({ kind: z.literal('incoming'), peer: keyId }),
    connected: z.object({ kind: z.literal('connected') }),
  },
);

export const punchMessages: MessageCodec<PunchMessage> = messageCodec<PunchMessage>(
  { protocol: '/filon/punch/1', frameBytesMax: FRAME_BYTES_MAX },
  {
    punch: z.object({ kind: z.literal('punch'), address }),
    go: z.object({ kind: z.literal('go') }),
  },
);
