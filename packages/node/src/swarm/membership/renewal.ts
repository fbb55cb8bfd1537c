/**
 * A certificate is renewed from half of its time on, by the root key's node where that can be reached, by a member that
 * may invite otherwise. Those who may invite themselves wait longer for the root key: nobody else can let them again.
 */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { MembershipMessage } from '@filon/core/swarm/membership-messages';
import { type Member, readProof } from '@filon/core/swarm/proof';
import { malformed } from '@filon/core/wire/errors';
import type { Waiting } from '../../ports/engine.ts';
import type { Network } from '../../ports/network.ts';
import { deadline } from './deadline.ts';
import { Exchange } from './exchange.ts';
import { orWhyNot } from './greeting.ts';
import type { Issuer } from './issuer.ts';
import type { KnownMembers } from './known-members.ts';
import type { MemberList } from './member-list.ts';
import type { OwnMembership } from './members.ts';
import { membershipError } from './membership-errors.ts';
import { EXCHANGE_MS, ISSUERS_TRIED_MAX } from './membership-limits.ts';
import type { Standing, StandingDeps } from './standing.ts';

const DUE_SHARE = 0.5;
/** Of its time, after which one that may invite takes a longer certificate of those that may not. */
const LESS_SHARE = 0.8;

export interface RenewalDeps extends StandingDeps {
  standing: Standing;
  issuer: Issuer;
  list: MemberList;
  known: KnownMembers;
  network: Network;
  /** At least 0, below 1. */
  random: () => number;
  /** A charter by which this node is no member any more. */
  onCharter: (charter: Uint8Array, from: KeyId) => void;
  onDisowned: (records: readonly Uint8Array[], from: KeyId) => void;
}

type Welcome = Extract<MembershipMessage, { kind: 'welcome' }>;

/** How much of its time has passed; over 1: it has expired. */
export function spentShare({ issuedMs, expiresMs }: Member, nowMs: number): number {
  return (nowMs - issuedMs) / Math.max(1, expiresMs - issuedMs);
}

export function isDue(member: Member, nowMs: number): boolean {
  return spentShare(member, nowMs) >= DUE_SHARE;
}

/**
 * Whether the rules give this node a right that its certificate lacks, and the one member that can write it in is known:
 * it does not wait for half of its time then.
 */
export function gainsRight({ standing, known }: { standing: Standing; known: KnownMembers }): boolean {
  const { member, charter } = standing;
  if (member === null || member.mayInvite || charter?.inviters !== 'members') return false;
  return known.issuers().some((node) => known.find(node)?.holdsRoot);
}

/** Codes: SWARM_NONE, SWARM_RENEWAL_FAILED, and the reason of the signal. */
export async function renewBy(deps: RenewalDeps, { signal }: Waiting): Promise<OwnMembership> {
  const { standing, issuer, clock } = deps;
  const { member, swarm, charterBytes: charter } = standing;
  if (member === null || swarm === null || charter === null) throw membershipError({ code: 'SWARM_NONE' });
  const { operator } = member;
  const root = standing.rootKey();
  if (root !== null)
    return standing.adopt(swarm, { proof: issuer.certifySelf(swarm, root), charter }, { operator });
  // Nobody else can give more than it has; early, there is no use in asking them.
  const isForRight = gainsRight(deps) && !isDue(member, clock.nowMs());
  const asked = issuersInOrder(deps).filter((peer) => !isForRight || deps.known.find(peer)?.holdsRoot);
  const issuers = asked.slice(0, ISSUERS_TRIED_MAX);
  let last: unknown;
  for (const peer of issuers) {
    signal.throwIfAborted();
    try {
      using limit = deadline(clock, EXCHANGE_MS, signal);
      const welcome = await ask(peer, member, { ...deps, signal: limit.signal });
      const offered = readProof(welcome.proof, standing.check(member.node));
      const isLess = member.mayInvite && !offered.mayInvite;
      if (isLess && spentShare(member, clock.nowMs()) < LESS_SHARE) continue;
      if (offered.expiresMs >= member.expiresMs) return standing.adopt(swarm, welcome, { operator });
    } catch (error) {
      last = error;
    }
  }
  signal.throwIfAborted();
  throw membershipError({ code: 'SWARM_RENEWAL_FAILED', tried: issuers.length }, { cause: last });
}

async function ask(peer: KeyId, { proof }: Member, deps: RenewalDeps & Waiting): Promise<Welcome> {
  const { network, known, signal, onCharter, onDisowned } = deps;
  const isConnected = network.peers().some((connection) => connection.peer === peer);
  if (!isConnected) await network.dial(known.address(peer), { signal });
  await using exchange = await Exchange.open(network, peer, { signal });
  await exchange.send({ kind: 'renew', proof });
  const answer = await orWhyNot(exchange.receive(), {
    charter: (charter) => onCharter(charter, peer),
    disowned: (records) => onDisowned(records, peer),
  });
  if (answer.kind === 'welcome') return answer;
  throw malformed('answer to renew', `they are a message ${answer.kind}`);
}

/** The root key's node first, then those that are connected, then the others; in no order among equals. */
function issuersInOrder(deps: RenewalDeps): KeyId[] {
  const { list, known, network, identity, standing, random } = deps;
  const connected = new Set(network.peers().map(({ peer }) => peer));
  const met = list.list().filter(({ mayInvite }) => mayInvite);
  const rank = (node: KeyId): number =>
    (known.find(node)?.holdsRoot ? 0 : 2) + (connected.has(node) ? 0 : 1) + random() / 2;
  return [...new Set([...met.map(({ node }) => node), ...known.issuers()])]
    .filter((node) => node !== identity.node.key && !standing.isRevoked(node))
    .map((node) => ({ node, rank: rank(node) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ node }) => node);
}
