/** From a record's bytes to what a member said, or why not. */
import { announcements } from '@filon/core/directory/announcement';
import { decodeRecord } from '@filon/core/directory/announcement-record';
import { isFilonError } from '@filon/core/errors';
import { membershipRefused } from '@filon/core/swarm/errors';
import type { Verify } from '@filon/core/swarm/signed';
import { sameBytes } from '@filon/core/wire/cbor';
import type { Members } from '../membership/members.ts';
import type { OpenRecord } from './records.ts';

/** Reasons for which one member may refuse what another one takes: clocks, and charters that are on their way. */
const DEPENDS = new Set(['future', 'expired', 'revoked', 'disowned', 'issuer', 'lifetime']);

export function recordReader(deps: { members: Pick<Members, 'find' | 'learn'>; verify: Verify }): OpenRecord {
  const { members, verify } = deps;
  return (bytes) => {
    const record = decodeRecord(bytes);
    try {
      const { value, signer } = announcements.open(record.announcement, verify);
      const known = members.find(signer);
      const member = known && sameBytes(known.proof, record.proof) ? known : members.learn(record.proof);
      if (member.node !== signer) throw membershipRefused(signer, 'node');
      return { node: signer, operator: member.operator, announcement: value };
    } catch (error) {
      if (isFilonError(error, 'WIRE_MALFORMED')) return null;
      if (isFilonError(error, 'MEMBERSHIP_REFUSED') && DEPENDS.has(reasonOf(error.details))) return null;
      throw error;
    }
  };
}

function reasonOf(details: object): string {
  return 'reason' in details ? String(details.reason) : '';
}
