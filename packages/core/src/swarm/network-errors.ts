/** What a network fails with, whichever adapter it is. */
import { FilonError } from '../errors.ts';
import type { KeyId } from './key-id.ts';

export type NetworkErrorDetails =
  /** None of the peer's addresses answered in time. */
  | { code: 'NETWORK_UNREACHABLE'; peer: KeyId; addresses: readonly string[] }
  /** This node refuses the peer, the peer hung up on this node, or another key answered. */
  | { code: 'NETWORK_REFUSED'; peer: KeyId }
  /** The peer does not speak the protocol. */
  | { code: 'NETWORK_PROTOCOL_UNKNOWN'; peer: KeyId; protocol: string }
  /** The peer speaks the protocol with members only, and does not know this node as one. */
  | { code: 'NETWORK_STRANGER'; peer: KeyId; protocol: string }
  /** The peer has as many channels of this protocol with this node as it allows. */
  | { code: 'NETWORK_CHANNELS_FULL'; peer: KeyId; protocol: string }
  /** None of what is to be listened on can be. */
  | { code: 'NETWORK_LISTEN_FAILED'; addresses: readonly string[] }
  /** The channel broke off: the other side dropped it, or the connection is gone. */
  | { code: 'NETWORK_CHANNEL_LOST'; peer: KeyId }
  /** A frame is over the limit of the channel. */
  | { code: 'NETWORK_FRAME_TOO_LARGE'; peer: KeyId; bytes: number; bytesMax: number };

export function unreachable(
  peer: KeyId,
  addresses: readonly string[],
  options?: { cause?: unknown },
): FilonError<NetworkErrorDetails> {
  const tried = addresses.length === 0 ? 'no address of it is known' : `tried ${addresses.join(', ')}`;
  const details = { code: 'NETWORK_UNREACHABLE', peer, addresses } as const;
  return new FilonError(details, `Node ${peer} cannot be reached: ${tried}. Is it up?`, options);
}

export function refused(
  peer: KeyId,
  why: string,
  options?: { cause?: unknown },
): FilonError<NetworkErrorDetails> {
  return new FilonError(
    { code: 'NETWORK_REFUSED', peer },
    `No connection with node ${peer}: ${why}.`,
    options,
  );
}

export type OpenRefusal = 'NETWORK_PROTOCOL_UNKNOWN' | 'NETWORK_STRANGER' | 'NETWORK_CHANNELS_FULL';

const OPEN_REFUSALS: Readonly<Record<OpenRefusal, string>> = {
  NETWORK_PROTOCOL_UNKNOWN: 'it does not speak it; another version of Filon may run there',
  NETWORK_STRANGER: 'it does not know this node as a member of its swarm',
  NETWORK_CHANNELS_FULL: 'it has as many with this node as it allows; try again when one has ended',
};

export function openRefused(
  code: OpenRefusal,
  details: { peer: KeyId; protocol: string },
): FilonError<NetworkErrorDetails> {
  const { peer, protocol } = details;
  const message = `Node ${peer} took no channel of ${protocol}: ${OPEN_REFUSALS[code]}.`;
  return new FilonError({ code, peer, protocol }, message);
}

export function channelLost(peer: KeyId, options?: { cause?: unknown }): FilonError<NetworkErrorDetails> {
  const message = `The channel with node ${peer} broke off. Open another one to go on.`;
  return new FilonError({ code: 'NETWORK_CHANNEL_LOST', peer }, message, options);
}

export function frameTooLarge(
  peer: KeyId,
  size: { bytes: number; bytesMax: number },
): FilonError<NetworkErrorDetails> {
  const message = `A frame of ${size.bytes} bytes on a channel with node ${peer}; at most ${size.bytesMax} go.`;
  return new FilonError({ code: 'NETWORK_FRAME_TOO_LARGE', peer, ...size }, message);
}
