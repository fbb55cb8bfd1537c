import { decodeRecord, encodeRecord, RECORD_BYTES_MAX } from '@filon/core/directory/announcement-record';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Member } from '@filon/core/swarm/proof';
import { encodeCbor } from '@filon/core/wire/cbor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AnnouncingMember,
  announcingMember,
  readMember,
  sampleAnnouncement,
} from '../../../../../test/kit/announcing-member.ts';
import { NOW_MS } from '../../../../../test/kit/swarm-keys.ts';
import { verifyEd25519 } from '../membership/verify.ts';
import { recordReader } from './read-record.ts';

const member = announcingMember('a');
const record = (of: AnnouncingMember = member): Uint8Array => of.record(sampleAnnouncement(NOW_MS));

function open(revoked: KeyId[] = []) {
  const known = new Map<KeyId, Member>();
  let verified = 0;
  const counted: typeof verifyEd25519 = (...asked) => {
    verified += 1;
    return verifyEd25519(...asked);
  };
  const learn = (proof: Uint8Array): Member => {
    const learnt = readMember(proof, revoked);
    known.set(learnt.node, learnt);
    return learnt;
  };
  const members = { find: (node: KeyId) => known.get(node) ?? null, learn };
  return { read: recordReader({ members, verify: counted }), verified: () => verified, known };
}

describe('a record', () => {
  test('tells who said what, and whose machine that is', () => {
    expect(open().read(record())).toEqual({
      ...{ node: member.signer.key, operator: member.operator.key },
      announcement: sampleAnnouncement(NOW_MS),
    });
  });

  test('is well below its limit: 1,000 of them go out every five minutes', () => {
    expect(record().length).toBeLessThan(1600);
    expect(RECORD_BYTES_MAX).toBeLessThan(12_000);
  });

  test('costs one verification where its node is known', () => {
    const { read, verified, known } = open();
    read(record());
    const first = verified();
    read(member.record(sampleAnnouncement(NOW_MS + 1)));
    expect(verified() - first).toBe(1);
    expect(known.size).toBe(1);
  });

  test('with any byte changed is no member’s, or says nothing', () => {
    const good = record();
    const { read } = open();
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = good.slice();
        bad[at] = (bad[at] ?? 0) ^ change;
        let heard: unknown = null;
        try {
          heard = read(bad);
        } catch {
          // As it should be.
        }
        expect(heard).toBeNull();
      }),
    );
  });

  test('of any other bytes is refused with a code', () => {
    const { read } = open();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => read(bytes)).toThrow(expect.objectContaining({ name: 'FilonError' }));
      }),
    );
  });

  test('of a revoked node is not used, and whoever hands it on is not blamed', () => {
    expect(open([member.signer.key]).read(record())).toBeNull();
  });

  test('of another swarm is no member’s', () => {
    const other = announcingMember('a', { swarm: 'another' });
    expect(() => open().read(record(other))).toThrow(expect.objectContaining({ code: 'MEMBERSHIP_REFUSED' }));
  });

  test('with the proof of another node is no member’s', () => {
    const thief = announcingMember('thief');
    const stolen = encodeRecord({
      ...decodeRecord(record(member)),
      announcement: decodeRecord(record(thief)).announcement,
    });
    expect(() => open().read(stolen)).toThrow(expect.objectContaining({ code: 'MEMBERSHIP_REFUSED' }));
  });

  test('of a later version, signed by a member, is left to those who can read it', () => {
    const { read } = open();
    const { proof } = decodeRecord(record());
    const bytes = encodeCbor({ says: 'something else' });
    const envelope = { bytes, signer: member.signer.key, signature: member.signer.sign(bytes) };
    expect(read(encodeRecord({ proof, announcement: encodeCbor(envelope) }))).toBeNull();
  });
});
