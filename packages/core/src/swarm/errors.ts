/** What identities, memberships and invites fail with, here and as codes of the membership protocol. */
import { FilonError } from '../errors.ts';
import type { KeyId } from './key-id.ts';

export type SwarmErrorDetails =
  /** The signature of a record is not its signer's. */
  | { code: 'RECORD_FORGED'; context: string; signer: KeyId }
  /** A proof of membership that does not hold; `reason` is the first thing that is wrong. */
  | { code: 'MEMBERSHIP_REFUSED'; node: KeyId; reason: ProofFault }
  /** Not an invite, or one with a slip in it. */
  | { code: 'INVITE_MALFORMED'; reason: InviteFault }
  /** Its time is over. */
  | { code: 'INVITE_EXPIRED'; swarm: string; expiresMs: number }
  /** The charter has no room for another revoked node. */
  | { code: 'SWARM_REVOKED_FULL'; node: KeyId; revokedMax: number };

/**
 * `swarm`: of another one. `node`: of another node. `future`: dated later than clocks may be wrong by. `lifetime`: longer
 * than any may be. `issuer`: whoever signed it may not, or not any more.
 */
export type ProofFault =
  | 'swarm'
  | 'node'
  | 'future'
  | 'expired'
  | 'lifetime'
  | 'issuer'
  | 'operator'
  | 'disowned'
  | 'revoked';

/** `prefix`: something else. `version`: of a later Filon. `checksum`: a slip. `content`: it was never right. */
export type InviteFault = 'prefix' | 'version' | 'checksum' | 'content';

export function recordForged(context: string, signer: KeyId): FilonError<SwarmErrorDetails> {
  const message = `A record ${context} bears a signature that is not of ${signer}. Whoever sent it means harm.`;
  return new FilonError({ code: 'RECORD_FORGED', context, signer }, message);
}

const PROOF_FAULTS: Readonly<Record<ProofFault, string>> = {
  swarm: 'it is of another swarm',
  node: 'it is of another node',
  future: 'it is dated in the future; set the clocks of both machines',
  expired: 'it has expired; it is renewed where another member can be reached',
  lifetime: 'it claims to hold for longer than any may',
  issuer: 'whoever signed it may not',
  operator: 'its operator did not enrol that node',
  disowned: 'its operator has taken the enrolment back',
  revoked: 'it was revoked',
};

export function membershipRefused(node: KeyId, reason: ProofFault): FilonError<SwarmErrorDetails> {
  const message = `The membership of node ${node} does not hold: ${PROOF_FAULTS[reason]}.`;
  return new FilonError({ code: 'MEMBERSHIP_REFUSED', node, reason }, message);
}

export function revokedFull(node: KeyId, revokedMax: number): FilonError<SwarmErrorDetails> {
  const message = `Node ${node} was not revoked: the charter holds ${revokedMax} revoked nodes at most. Let some in again, or make a new swarm.`;
  return new FilonError({ code: 'SWARM_REVOKED_FULL', node, revokedMax }, message);
}
