/** Answers for peers by upstreams of this node: each channel of `/filon/completion/1` is one request. */
import { COMPLETION_PROTOCOL, completionTells } from '@filon/core/answering/completion-messages';
import { ANSWER_FRAME_BYTES_MAX } from '@filon/core/answering/limits';
import { isFilonError, messageOf } from '@filon/core/errors';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Channel, Network } from '../../ports/network.ts';
import { deadline } from '../membership/deadline.ts';
import { BEAT_MS, SEATS_PER_PEER_MAX } from './answer-constants.ts';
import { forbidden } from './answer-errors.ts';
import type { Guest } from './answer-limits.ts';
import { HostedCompletion, type HostedCompletionDeps } from './hosted-completion.ts';
import { placeOf, toldOfUpstream } from './told-failure.ts';

export interface CompletionHostDeps extends Omit<HostedCompletionDeps, 'guest'> {
  network: Network;
  /** Who a peer is here, at this moment; null: it is no member, or of a tier that this node does not serve. */
  guestOf: (peer: KeyId) => Guest | null;
}

/** What a peer may do by mistake or by bad luck; anything else is worth a warning. */
const QUIET: ReadonlySet<string> = new Set([
  ...['NETWORK_CHANNEL_LOST', 'ANSWER_LEFT', 'ANSWER_IDLE', 'ANSWER_LIMIT'],
]);

/** Serves until it is disposed of; answers that run end with the network's channels. */
export function openCompletionHost(deps: CompletionHostDeps): Disposable {
  const limits = {
    frameBytesMax: ANSWER_FRAME_BYTES_MAX,
    channelsPerPeerMax: SEATS_PER_PEER_MAX,
    strangers: false,
  };
  return deps.network.handle(COMPLETION_PROTOCOL, (channel) => serve(channel, deps), limits);
}

async function serve(channel: Channel, deps: CompletionHostDeps): Promise<void> {
  const { log, guestOf, clock } = deps;
  const guest = guestOf(channel.peer);
  const failure =
    guest === null ? forbidden() : await new HostedCompletion(channel, { ...deps, guest }).run();
  if (failure === null) return;
  const code = isFilonError(failure) ? failure.code : messageOf(failure);
  if (QUIET.has(code) || /^(SERVE|UPSTREAM)_/.test(code)) log.debug('answer.completion-ended', { code });
  else log.warn('answer.completion-failed', { peer: channel.peer, code });
  if (code === 'NETWORK_CHANNEL_LOST' || code === 'ANSWER_LEFT') return;
  const told = { ...toldOfUpstream(failure), ...placeOf(failure) };
  using soon = deadline(clock, BEAT_MS);
  await channel.send(completionTells.encode({ kind: 'refused', ...told }), soon).catch(() => channel.abort());
}
