/** What is known of the swarm before there is a network: a network asks it whether a peer is a member. */
import { KnownMembers } from './known-members.ts';
import { MemberList } from './member-list.ts';
import { Standing, type StandingDeps } from './standing.ts';

export interface Roster {
  standing: Standing;
  list: MemberList;
  known: KnownMembers;
}

export function openRoster(deps: StandingDeps): Roster {
  const standing = new Standing(deps);
  const list = new MemberList({ standing, clock: deps.clock });
  const known = new KnownMembers(deps);
  if (standing.swarm !== null) for (const proof of known.proofs()) list.recall(proof);
  return { standing, list, known };
}
