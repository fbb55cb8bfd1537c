/**
 * Two nodes prove to each other that they are members, and end with the newer charter of the two. Whoever dialled speaks
 * first: a stranger who knocks learns nothing of whose door it is.
 */

import { ADDRESSES_MAX } from '@filon/core/swarm/invite';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { MembershipMessage } from '@filon/core/swarm/membership-messages';
import type { Member } from '@filon/core/swarm/proof';
import { malformed } from '@filon/core/wire/errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import type { Log } from '../../ports/log.ts';
import type { Network } from '../../ports/network.ts';
import { Exchange } from './exchange.ts';
import type { KnownMembers } from './known-members.ts';
import type { MemberList } from './member-list.ts';
import { membershipError } from './membership-errors.ts';
import { CLOCK_DIFFERENCE_MS } from './membership-limits.ts';
import type { Standing } from './standing.ts';

export type Hello = Extract<MembershipMessage, { kind: 'hello' }>;

export interface GreetingDeps {
  network: Network;
  standing: Standing;
  list: MemberList;
  known: KnownMembers;
  clock: Clock;
  log: Log;
  /** A newer charter is known from now on; `from` has it. */
  onCharter(from: KeyId): void;
  /** Rigs that their operators disowned, as `from` says. Codes: those of records. */
  onDisowned(records: readonly Uint8Array[], from: KeyId): void;
}

/** Codes: those of the network and of proofs, WIRE_*, SWARM_NONE. */
export async function greet(peer: KeyId, deps: GreetingDeps, options: Waiting): Promise<Member> {
  await using exchange = await Exchange.open(deps.network, peer, options);
  await exchange.send(ownHello(deps));
  const theirs = await orWhyNot(exchange.receive(), {
    charter: (charter) => acceptCharter(charter, peer, deps),
    disowned: (records) => deps.onDisowned(records, peer),
  });
  if (theirs.kind !== 'hello') throw malformed('answer to hello', `they are a message ${theirs.kind}`);
  const member = believe(peer, theirs, deps);
  const { charter } = await exchange.ask({ kind: 'met', charter: newerThan(theirs, deps) }, 'met');
  deps.list.meet(member);
  acceptCharter(charter, peer, deps);
  return member;
}

/**
 * An answer, unless it is a charter or a disowning by which this node is no member any more; that is taken first. A node
 * may not have heard of it by anybody else. Code: SWARM_OUT.
 */
export async function orWhyNot(answer: Promise<MembershipMessage>, take: WhyNot): Promise<MembershipMessage> {
  const message = await answer;
  if (message.kind === 'disowned') take.disowned(message.records);
  else if (message.kind === 'met' && message.charter !== null) take.charter(message.charter);
  else return message;
  throw membershipError({ code: 'SWARM_OUT' });
}

export interface WhyNot {
  charter(charter: Uint8Array): void;
  disowned(records: readonly Uint8Array[]): void;
}

/** The other side of it. */
export async function answerHello(
  peer: KeyId,
  theirs: Hello,
  { exchange, ...deps }: GreetingDeps & { exchange: Exchange },
): Promise<void> {
  const own = ownHello(deps);
  const member = believe(peer, theirs, deps);
  const { charter } = await exchange.ask(own, 'met');
  const ours = newerThan(theirs, deps);
  deps.list.meet(member);
  await exchange.send({ kind: 'met', charter: ours });
  acceptCharter(charter, peer, deps);
}

function ownHello({ network, standing, clock }: GreetingDeps): Hello {
  const own = standing.own();
  if (own === null) throw membershipError({ code: 'SWARM_NONE' });
  return {
    kind: 'hello',
    proof: own.member.proof,
    charterVersion: standing.charter?.version ?? 0,
    nowMs: Math.max(0, clock.nowMs()),
    addresses: network.addresses().slice(0, ADDRESSES_MAX),
    holdsRoot: standing.rootKey() !== null,
  };
}

function believe(peer: KeyId, hello: Hello, { list, known, clock, log }: GreetingDeps): Member {
  const aheadMs = hello.nowMs - clock.nowMs();
  if (Math.abs(aheadMs) > CLOCK_DIFFERENCE_MS) log.warn('swarm.clocks-differ', { peer, aheadMs });
  const member = list.learn(hello.proof, peer);
  known.note(member, hello);
  return member;
}

function newerThan({ charterVersion }: Hello, { standing }: GreetingDeps): Uint8Array | null {
  const { charter, charterBytes } = standing;
  return charter !== null && charter.version > charterVersion ? charterBytes : null;
}

export function acceptCharter(
  charter: Uint8Array | null,
  from: KeyId,
  { standing, onCharter }: Pick<GreetingDeps, 'standing' | 'onCharter'>,
): void {
  if (charter !== null && standing.acceptCharter(charter)) onCharter(from);
}
