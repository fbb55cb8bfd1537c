/** What strangers and members send of identities and memberships. */
import { certificates } from '@filon/core/swarm/certificate';
import { charters } from '@filon/core/swarm/charter';
import { disownings } from '@filon/core/swarm/disowning';
import { enrolments } from '@filon/core/swarm/enrolment';
import { decodeInvite, encodeInvite, INVITE_CHARS_MAX, inviteText } from '@filon/core/swarm/invite';
import { joinRequests, vouchers } from '@filon/core/swarm/join-request';
import { membershipMessages } from '@filon/core/swarm/membership-messages';
import { PROOF_BYTES_MAX, readProof } from '@filon/core/swarm/proof';
import { decodeCbor, encodeCbor } from '@filon/core/wire/cbor';
import { certificateOf, keyNamed, NOW_MS, proofOf } from '../../test/kit/swarm-keys.ts';
import type { Target } from '../target.ts';
import { messagesTarget, recordTarget } from './codecs.ts';

const [swarm, node, operator, inviter] = ['swarm', 'node', 'operator', 'inviter'].map(keyNamed);
if (!swarm || !node || !operator || !inviter) throw new TypeError('four names give four keys');
const about = { swarm, node, operator };
const keys = { swarm: swarm.key, node: node.key };
const issuer = certificateOf({ ...about, node: inviter, changes: { mayInvite: true } });
const proofs = [proofOf(about), proofOf({ ...about, by: inviter }, issuer)];
const [proof = new Uint8Array(), chained = new Uint8Array()] = proofs;
const enrolment = enrolments.seal({ operator: operator.key, node: node.key, issuedMs: NOW_MS }, operator);
const addresses = ['/ip4/192.0.2.7/tcp/4711'];
const charter = {
  ...{ swarm: swarm.key, name: 'garage', version: 3, issuedMs: NOW_MS, open: false },
  ...{ inviters: 'chosen' as const, revoked: [{ node: inviter.key, atMs: NOW_MS }] },
};
const sealed = charters.seal(charter, swarm);
const request = joinRequests.seal({ ...keys, enrolment }, node);

const cbor: Target = {
  name: 'cbor',
  seeds: [{ a: [1, -2, 0.5, null, true, 'text', new Uint8Array(3)], b: { c: 2n ** 63n } }, [[[[]]]], 0].map(
    encodeCbor,
  ),
  decode: (bytes) => void decodeCbor(bytes, { what: 'value', bytesMax: 65_536 }),
  codes: ['WIRE_MALFORMED', 'WIRE_TOO_LARGE'],
  bytesMax: 70_000,
};

const disowning = { operator: operator.key, node: node.key, atMs: NOW_MS };
const disowned = disownings.seal(disowning, operator);

const invite: Target = {
  name: 'invite',
  seeds: [null, operator.key].map((owner) => {
    const peers = [{ peer: node.key, addresses }];
    const token = owner === null ? null : new Uint8Array(16);
    const places = { swarm: swarm.key, issuer: node.key, name: 'garage', peers };
    return Buffer.from(encodeInvite({ ...places, token, operator: owner, expiresMs: NOW_MS }));
  }),
  decode: (bytes) => void decodeInvite(Buffer.from(bytes).toString('latin1')),
  codes: ['INVITE_MALFORMED'],
  bytesMax: 2 * INVITE_CHARS_MAX,
};

/** Behind the checksum. */
const inviteContent: Target = {
  name: 'content of an invite',
  seeds: [null, new Uint8Array(32)].map((key) => {
    const raw = new Uint8Array(32);
    return encodeCbor(['garage', raw, new Uint8Array(16), 1_800_000_000, raw, key, [[raw, addresses]]]);
  }),
  decode: (bytes) => void decodeInvite(inviteText(bytes)),
  codes: ['INVITE_MALFORMED'],
  bytesMax: 2000,
};

const proofTarget: Target = {
  name: 'proof',
  seeds: proofs,
  decode: (bytes) => {
    const check = { swarm: swarm.key, node: null, nowMs: NOW_MS, verify: () => true };
    readProof(bytes, { ...check, isRevoked: () => false, isDisowned: () => false });
  },
  codes: ['WIRE_MALFORMED', 'WIRE_TOO_LARGE', 'MEMBERSHIP_REFUSED'],
  bytesMax: PROOF_BYTES_MAX + 64,
};

export const SWARM_TARGETS: readonly Target[] = [
  cbor,
  invite,
  inviteContent,
  proofTarget,
  recordTarget('certificate', certificates, [
    { ...keys, operator: operator.key, mayInvite: true, issuedMs: NOW_MS, expiresMs: NOW_MS + 1 },
  ]),
  recordTarget('enrolment', enrolments, [{ operator: operator.key, node: node.key, issuedMs: NOW_MS }]),
  recordTarget('disowning', disownings, [disowning]),
  recordTarget('charter', charters, [charter]),
  recordTarget('join request', joinRequests, [{ ...keys, enrolment }]),
  recordTarget('voucher', vouchers, [keys]),
  messagesTarget(membershipMessages, [
    { kind: 'hello', proof: chained, charterVersion: 1, nowMs: NOW_MS, addresses, holdsRoot: true },
    { kind: 'met', charter: null },
    { kind: 'met', charter: sealed },
    { kind: 'join', issuer: node.key, request, voucher: vouchers.seal(keys, node) },
    { kind: 'renew', proof },
    { kind: 'welcome', proof, charter: sealed, members: [{ proof: chained, addresses }] },
    { kind: 'charter', charter: sealed },
    { kind: 'disowned', records: [disowned, disowned] },
  ]),
];
