import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  certificateOf,
  DAY_MS,
  keyNamed,
  type Made,
  NOW_MS,
  proofOf,
  verifyEd25519,
} from '../../../../test/kit/swarm-keys.ts';
import { isFilonError } from '../errors.ts';
import { RENEWAL_GRACE_MS } from './certificate.ts';
import { type Charter, charters, REVOKED_MAX, withoutRevoked, withRevoked } from './charter.ts';
import { takesBack } from './disowning.ts';
import type { Enrolment } from './enrolment.ts';
import { PROOF_BYTES_MAX, type ProofCheck, readProof } from './proof.ts';
import { recordKind } from './signed.ts';
import { CLOCK_SKEW_MS_MAX } from './validity.ts';

const swarm = keyNamed('swarm');
const node = keyNamed('node');
const operator = keyNamed('operator');
const inviter = keyNamed('inviter');
const other = keyNamed('other');

const proof = (made: Partial<Made> = {}, issuer: Uint8Array | null = null): Uint8Array =>
  proofOf({ swarm, node, operator, ...made }, issuer);
const inviterCertificate = (changes: Made['changes'] = {}, by = swarm): Uint8Array =>
  certificateOf({
    ...{ swarm, node: inviter, operator, by },
    changes: { mayInvite: true, expiresMs: NOW_MS + 30 * DAY_MS, ...changes },
  });
const check = (changes: Partial<ProofCheck> = {}): ProofCheck => ({
  ...{ swarm: swarm.key, node: node.key, nowMs: NOW_MS, verify: verifyEd25519 },
  ...{ isRevoked: () => false, isDisowned: () => false },
  ...changes,
});
const faultOf = (bytes: Uint8Array, changes: Partial<ProofCheck> = {}): string => {
  try {
    readProof(bytes, check(changes));
    return 'none';
  } catch (error) {
    if (!isFilonError(error)) throw error;
    return 'reason' in error.details ? String(error.details.reason) : error.code;
  }
};

describe('a proof', () => {
  test('that the root key signed says who is a member', () => {
    const bytes = proof({ changes: { mayInvite: true } });
    expect(readProof(bytes, check())).toEqual({
      enrolledMs: NOW_MS,
      ...{ node: node.key, operator: operator.key, mayInvite: true, byRoot: true, issuer: swarm.key },
      ...{ issuedMs: NOW_MS, expiresMs: NOW_MS + 7 * DAY_MS, proof: bytes },
    });
    expect(bytes.length).toBeLessThan(PROOF_BYTES_MAX);
  });

  test('that a member who may invite signed ends with the first of its two certificates', () => {
    const expiresMs = NOW_MS + 2 * DAY_MS;
    const bytes = proof({ by: inviter }, inviterCertificate({ expiresMs }));
    expect(readProof(bytes, check())).toMatchObject({ byRoot: false, issuer: inviter.key, expiresMs });
    expect(bytes.length).toBeLessThan(PROOF_BYTES_MAX);
  });

  test.each<[string, Uint8Array, string]>([
    ['of another swarm', proof({ swarm: other }), 'swarm'],
    ['of another node', proof({ node: other }), 'node'],
    ['that anybody signed', proof({ by: other }), 'issuer'],
    ['that the node signed for itself', proof({ by: node }), 'issuer'],
    [
      'of a member that may not invite',
      proof({ by: inviter }, inviterCertificate({ mayInvite: false })),
      'issuer',
    ],
    [
      'of an inviter of another swarm',
      proof({ by: inviter }, inviterCertificate({ swarm: other.key })),
      'issuer',
    ],
    ['with the certificate of another inviter', proof({ by: other }, inviterCertificate()), 'issuer'],
    ['of an inviter that anybody signed', proof({ by: inviter }, inviterCertificate({}, other)), 'issuer'],
    [
      'by which an inviter makes another one',
      proof({ by: inviter, changes: { mayInvite: true } }, inviterCertificate()),
      'issuer',
    ],
    ['of the root key with a chain all the same', proof({}, inviterCertificate()), 'issuer'],
    ['that holds for ever', proof({ changes: { expiresMs: NOW_MS + 400 * DAY_MS } }), 'lifetime'],
    [
      'of an inviter for ever',
      proof({ by: inviter }, inviterCertificate({ expiresMs: NOW_MS + 400 * DAY_MS })),
      'lifetime',
    ],
    ['whose operator did not enrol the node', proof({ enrolledBy: other }), 'operator'],
    ['whose operator enrolled another node', proof({ enrolled: other.key }), 'operator'],
    [
      'that names another operator than its enrolment',
      proof({ changes: { operator: other.key } }),
      'operator',
    ],
    ['of garbage', Uint8Array.of(1, 2, 3), 'WIRE_MALFORMED'],
    ['that is too long', new Uint8Array(PROOF_BYTES_MAX + 1), 'WIRE_TOO_LARGE'],
  ])('%s is refused', (_, bytes, fault) => {
    expect(faultOf(bytes)).toBe(fault);
  });

  test('holds from when it was made, give or take what clocks are wrong by, until its end', () => {
    const at = (nowMs: number): string => faultOf(proof(), { nowMs });
    expect(at(NOW_MS - CLOCK_SKEW_MS_MAX)).toBe('none');
    expect(at(NOW_MS - CLOCK_SKEW_MS_MAX - 1)).toBe('future');
    expect(at(NOW_MS + 7 * DAY_MS - 1)).toBe('none');
    expect(at(NOW_MS + 7 * DAY_MS)).toBe('expired');
  });

  test('ends with a revocation of its node, or of the one that signed it', () => {
    const isRevoked = (key: string) => (revoked: string) => revoked === key;
    const chained = proof({ by: inviter }, inviterCertificate());
    expect(faultOf(chained, { isRevoked: isRevoked(node.key) })).toBe('revoked');
    expect(faultOf(chained, { isRevoked: isRevoked(inviter.key) })).toBe('revoked');
    expect(faultOf(proof(), { isRevoked: isRevoked(inviter.key) })).toBe('none');
    const disowned = (atMs: number) => ({
      isDisowned: (enrolment: Enrolment) =>
        takesBack({ operator: operator.key, node: node.key, atMs }, enrolment),
    });
    expect(faultOf(chained, disowned(NOW_MS))).toBe('disowned');
    expect(faultOf(chained, disowned(NOW_MS - 1))).toBe('none');
  });

  test('that has expired shows for a while whom to renew, to whom may believe it', () => {
    const late = { nowMs: NOW_MS + 7 * DAY_MS + RENEWAL_GRACE_MS - 1 };
    expect(faultOf(proof(), { ...late, renewer: other.key })).toBe('none');
    expect(faultOf(proof(), { nowMs: late.nowMs + 1, renewer: other.key })).toBe('expired');
    const soon = { nowMs: NOW_MS + 40 * DAY_MS };
    const chained = proof({ by: inviter }, inviterCertificate());
    expect(faultOf(chained, { ...soon, renewer: inviter.key })).toBe('none');
    expect(faultOf(chained, { ...soon, renewer: other.key })).toBe('expired');
  });

  test('is void when any of its bytes is another', () => {
    const bytes = proof({ by: inviter }, inviterCertificate());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(faultOf(damaged)).not.toBe('none');
      }),
      { numRuns: 1000 },
    );
  });

  test('is never more than a coded error, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void faultOf(bytes)));
  });

  test('costs no verification where it is refused without one', () => {
    let verifications = 0;
    const verify: ProofCheck['verify'] = (...given) => {
      verifications += 1;
      return verifyEd25519(...given);
    };
    expect(faultOf(proof({ by: other }), { verify, nowMs: NOW_MS + 8 * DAY_MS })).toBe('expired');
    expect(faultOf(proof({ swarm: other }), { verify })).toBe('swarm');
    expect(verifications).toBe(0);
    expect(faultOf(proof(), { verify })).toBe('none');
    expect(verifications).toBe(2);
  });
});

test('a signature of one kind of records is none of another', () => {
  const schema = z.object({ said: z.string() });
  const [one, two] = ['filon/one/1', 'filon/two/1'].map((context) =>
    recordKind(context, { schema, bytesMax: 99 }),
  );
  const record = one?.seal({ said: 'yes' }, node) ?? new Uint8Array();
  expect(one?.open(record, verifyEd25519)).toEqual({ value: { said: 'yes' }, signer: node.key });
  expect(() => two?.open(record, verifyEd25519)).toThrow(expect.objectContaining({ code: 'RECORD_FORGED' }));
});

describe('a charter', () => {
  const charter: Charter = {
    ...{ swarm: swarm.key, name: 'garage', version: 1, issuedMs: NOW_MS, open: false, revoked: [] },
    inviters: 'chosen',
  };

  test('grows by a version with each change', () => {
    const revoked = withRevoked(charter, { node: node.key, atMs: NOW_MS + 1 });
    expect(revoked).toMatchObject({ version: 2, revoked: [{ node: node.key }] });
    expect(withRevoked(revoked, { node: node.key, atMs: NOW_MS + 2 }).revoked).toHaveLength(1);
    expect(withoutRevoked(revoked, { node: node.key, atMs: NOW_MS + 3 })).toMatchObject({
      version: 3,
      revoked: [],
    });
  });

  test('fits its record when it is full, and says so instead of forgetting somebody', () => {
    let full = charter;
    for (let i = 0; i < REVOKED_MAX; i += 1)
      full = withRevoked(full, { node: keyNamed(`node ${i}`).key, atMs: NOW_MS });
    expect(charters.open(charters.seal(full, swarm), verifyEd25519).value.revoked).toHaveLength(REVOKED_MAX);
    expect(() => withRevoked(full, { node: node.key, atMs: NOW_MS })).toThrow(
      expect.objectContaining({ code: 'SWARM_REVOKED_FULL' }),
    );
    const later = withRevoked(full, { node: node.key, atMs: NOW_MS + 300 * DAY_MS });
    expect(later.revoked.map((entry) => entry.node)).toEqual([node.key]);
  });
});
