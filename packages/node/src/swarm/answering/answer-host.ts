/** Answers for peers: each channel of `/filon/answer/1` is one seat of this node. */
import { ANSWER_PROTOCOL } from '@filon/core/answering/answer-messages';
import { ANSWER_FRAME_BYTES_MAX } from '@filon/core/answering/limits';
import { isFilonError, messageOf } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Channel, Network } from '../../ports/network.ts';
import { SEATS_PER_PEER_MAX } from './answer-constants.ts';
import { forbidden } from './answer-errors.ts';
import type { Guest } from './answer-limits.ts';
import { HostedSeat, type HostedSeatDeps, tellRefused } from './hosted-seat.ts';

export interface AnswerHostDeps extends Omit<HostedSeatDeps, 'guest' | 'name'> {
  network: Network;
  /** Who a peer is here, at this moment; null: it is no member, or of a tier that this node does not serve. */
  guestOf: (peer: KeyId) => Guest | null;
  randomBytes: (count: number) => Uint8Array;
}

/** What a peer may do by mistake or by bad luck; anything else is worth a warning. */
const QUIET: ReadonlySet<string> = new Set(['NETWORK_CHANNEL_LOST', 'ANSWER_IDLE', 'ANSWER_LIMIT']);

/** Serves until it is disposed of; seats that are taken end with the network's channels. */
export function openAnswerHost(deps: AnswerHostDeps): Disposable {
  const limits = {
    frameBytesMax: ANSWER_FRAME_BYTES_MAX,
    channelsPerPeerMax: SEATS_PER_PEER_MAX,
    strangers: false,
  };
  return deps.network.handle(ANSWER_PROTOCOL, (channel) => serve(channel, deps), limits);
}

async function serve(channel: Channel, deps: AnswerHostDeps): Promise<void> {
  const { log, guestOf, randomBytes } = deps;
  const guest = guestOf(channel.peer);
  if (guest === null) return await tellRefused(channel, forbidden(), deps);
  const name = `seat-${Buffer.from(randomBytes(12)).toString('base64url')}`;
  const failure = await new HostedSeat(channel, { ...deps, guest, name }).run();
  if (failure === null) return;
  const code = isFilonError(failure) ? failure.code : messageOf(failure);
  if (QUIET.has(code) || code.startsWith('SERVE_')) log.debug('answer.seat-ended', { code });
  else log.warn('answer.seat-failed', { peer: channel.peer, code });
}
