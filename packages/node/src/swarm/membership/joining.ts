/** Becoming a member by an invite: the first of those it names that answers lets this node in. */
import { FilonError } from '@filon/core/errors';
import type { SwarmErrorDetails } from '@filon/core/swarm/errors';
import type { Invite } from '@filon/core/swarm/invite';
import { joinRequests, vouchers } from '@filon/core/swarm/join-request';
import type { MembershipMessage } from '@filon/core/swarm/membership-messages';
import type { Waiting } from '../../ports/engine.ts';
import type { Network, PeerAddress } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import { Exchange, reasonOf } from './exchange.ts';
import { tokenSigner } from './identity.ts';
import type { OwnMembership } from './members.ts';
import { membershipError } from './membership-errors.ts';
import { EXCHANGE_MS, NEXT_AFTER_MS } from './membership-limits.ts';
import type { Standing, StandingDeps } from './standing.ts';

type Welcome = Extract<MembershipMessage, { kind: 'welcome' }>;

export interface Joined {
  own: OwnMembership;
  /** Who let this node in. */
  by: PeerAddress;
  welcome: Welcome;
}

type JoiningDeps = StandingDeps & { standing: Standing; network: Network };

/**
 * Asks the next one when the last has failed or takes long; an invite may be used again by the same node, so two answers
 * do no harm. Codes: INVITE_EXPIRED, SWARM_JOIN_FAILED, and the reason of the signal.
 */
export async function joinBy(invite: Invite, deps: JoiningDeps, { signal }: Waiting): Promise<Joined> {
  if (invite.expiresMs <= deps.clock.nowMs()) throw expired(invite);
  const question = questionOf(invite, deps);
  const over = new AbortController();
  const either = { signal: AbortSignal.any([signal, over.signal]) };
  const tries: Promise<Joined>[] = [];
  for (const by of invite.peers) {
    const turn = untilTurn(tries, deps, either);
    tries.push(turn.then(() => tryOne(by, { ...deps, ...either, invite, question })));
  }
  try {
    return await Promise.any(tries);
  } catch {
    signal.throwIfAborted();
    throw failed(invite, await Promise.allSettled(tries));
  } finally {
    over.abort();
  }
}

async function untilTurn(
  earlier: readonly Promise<unknown>[],
  { clock }: JoiningDeps,
  options: Waiting,
): Promise<void> {
  const late = clock.sleep(earlier.length * NEXT_AFTER_MS, options);
  await Promise.race([late, Promise.allSettled(earlier)]);
}

async function tryOne(
  by: PeerAddress,
  asking: JoiningDeps & Waiting & { invite: Invite; question: MembershipMessage },
): Promise<Joined> {
  const { invite, question, standing, clock, signal } = asking;
  signal.throwIfAborted();
  using limit = deadline(clock, EXCHANGE_MS, signal);
  const welcome = await ask(by, question, { ...asking, signal: limit.signal });
  // What the invite did not say of whose machine this becomes is not taken.
  const operator = invite.operator ?? standing.operator;
  return { own: standing.adopt(invite.swarm, welcome, { operator }), by, welcome };
}

/** Of several reasons that of a member that answered: it says more than that others could not be reached. */
function failed(invite: Invite, tries: readonly PromiseSettledResult<unknown>[]): FilonError {
  const causes = tries.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const unreachable = membershipError({ code: 'SWARM_ISSUER_UNREACHABLE', issuer: invite.issuer });
  const said = causes.find((cause) => !/^(NETWORK|SWARM_LATE|UNKNOWN)/.test(reasonOf(cause)));
  const cause = said ?? causes[0] ?? unreachable;
  const details = { code: 'SWARM_JOIN_FAILED', swarm: invite.name, reason: reasonOf(cause) } as const;
  return membershipError(details, { cause });
}

async function ask(
  by: PeerAddress,
  question: MembershipMessage,
  { network, signal }: JoiningDeps & Waiting,
): Promise<Welcome> {
  await network.dial(by, { signal });
  await using exchange = await Exchange.open(network, by.peer, { signal });
  return await exchange.ask(question, 'welcome');
}

function questionOf(invite: Invite, { identity, standing }: JoiningDeps): MembershipMessage {
  const { swarm, issuer, token } = invite;
  const node = identity.node.key;
  const request = joinRequests.seal({ swarm, node, enrolment: standing.enrolment() }, identity.node);
  const voucher = token === null ? null : vouchers.seal({ swarm, node }, tokenSigner(token, identity));
  return { kind: 'join', issuer, request, voucher };
}

function expired({ name, expiresMs }: Invite): FilonError<SwarmErrorDetails> {
  const ended = new Date(expiresMs).toISOString();
  const message = `The invite into ${name} expired at ${ended}. Ask for a new one; if it is not that late, set the clock.`;
  return new FilonError({ code: 'INVITE_EXPIRED', swarm: name, expiresMs }, message);
}
