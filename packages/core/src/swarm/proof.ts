/**
 * What a member shows to be believed: its certificate, that of whoever signed it unless that was the root key, and its
 * operator's word that the node is the operator's. The last is why no member, and not the root key either, can pass a
 * node off as one of somebody else's machines.
 */
import { z } from 'zod';
import { decodeCbor, encodeCbor } from '../wire/cbor.ts';
import { malformed } from '../wire/errors.ts';
import { faultOf } from '../wire/messages.ts';
import { CERTIFICATE_MS_MAX, type Certificate, certificates, RENEWAL_GRACE_MS } from './certificate.ts';
import { type Enrolment, enrolments } from './enrolment.ts';
import { membershipRefused, type ProofFault } from './errors.ts';
import type { KeyId } from './key-id.ts';
import type { Opened, Verify } from './signed.ts';
import { untimely } from './validity.ts';

export const PROOF_BYTES_MAX = 1600;

/** Each is a sealed record. */
export interface Proof {
  certificate: Uint8Array;
  issuer: Uint8Array | null;
  enrolment: Uint8Array;
}

/** A node whose proof holds. */
export interface Member {
  node: KeyId;
  operator: KeyId;
  /** When its operator enrolled it. */
  enrolledMs: number;
  mayInvite: boolean;
  /** Signed by the root key itself. */
  byRoot: boolean;
  issuedMs: number;
  /** When the first certificate of its chain ends; milliseconds since 1970. */
  expiresMs: number;
  /** Whoever signed the certificate; the swarm's own key where `byRoot`. */
  issuer: KeyId;
  /** The proof itself, to be passed on. */
  proof: Uint8Array;
}

export interface ProofCheck {
  swarm: KeyId;
  /** Who must be meant; null: whoever it is. */
  node: KeyId | null;
  nowMs: number;
  isRevoked(node: KeyId): boolean;
  /** Whether the operator took it back. */
  isDisowned(enrolment: Enrolment): boolean;
  verify: Verify;
  /**
   * For a renewal, the node that renews: what has expired lately is taken where the root key signed it, or that node
   * itself. What others signed is not: a member that may not invite any more could date it back.
   */
  renewer?: KeyId;
}

const proofSchema: z.ZodType<Proof, unknown> = z.object({
  certificate: z.instanceof(Uint8Array),
  issuer: z.instanceof(Uint8Array).nullable(),
  enrolment: z.instanceof(Uint8Array),
});

export function encodeProof({ certificate, issuer, enrolment }: Proof): Uint8Array {
  return encodeCbor({ certificate, issuer, enrolment });
}

/** Not checked yet: see {@link readProof}. Codes: WIRE_MALFORMED, WIRE_TOO_LARGE. */
export function decodeProof(bytes: Uint8Array): Proof {
  const what = 'proof of membership';
  const parsed = proofSchema.safeParse(decodeCbor(bytes, { what, bytesMax: PROOF_BYTES_MAX }));
  if (!parsed.success) throw malformed(what, faultOf(parsed.error));
  return parsed.data;
}

/**
 * Who proves what. What is wrong without looking at a signature is found first, so that most wrong proofs cost no more
 * than their decoding; a good one costs two or three verifications. Codes: WIRE_MALFORMED, WIRE_TOO_LARGE, RECORD_FORGED, MEMBERSHIP_REFUSED.
 */
export function readProof(bytes: Uint8Array, check: ProofCheck): Member {
  const { verify, swarm } = check;
  const proof = decodeProof(bytes);
  const own = certificates.open(proof.certificate, verify, (opened) => checkCertificate(opened, check));
  const { node, operator } = own.value;
  const refuse = (reason: ProofFault): never => {
    throw membershipRefused(node, reason);
  };
  const byRoot = own.signer === swarm;
  let { expiresMs } = own.value;
  if (byRoot) {
    if (proof.issuer !== null) refuse('issuer');
  } else {
    if (proof.issuer === null) return refuse('issuer');
    const issuer = certificates.open(proof.issuer, verify, ({ value, signer }) => {
      const mayIssue =
        signer === swarm && value.swarm === swarm && value.mayInvite && value.node === own.signer;
      if (!mayIssue || own.value.mayInvite) refuse('issuer');
      checkTimes(value, { ...check, graceMs: check.renewer === own.signer ? RENEWAL_GRACE_MS : 0 });
      if (check.isRevoked(value.node)) refuse('revoked');
    });
    expiresMs = Math.min(expiresMs, issuer.value.expiresMs);
  }
  const enrolment = enrolments.open(proof.enrolment, verify, ({ value, signer }) => {
    if (signer !== value.operator || value.operator !== operator || value.node !== node) refuse('operator');
    if (check.isDisowned(value)) refuse('disowned');
  }).value;
  const { mayInvite, issuedMs } = own.value;
  return {
    ...{ node, operator, enrolledMs: enrolment.issuedMs, mayInvite, byRoot },
    ...{ issuedMs, expiresMs, issuer: own.signer, proof: bytes },
  };
}

function checkCertificate({ value, signer }: Opened<Certificate>, check: ProofCheck): void {
  const { node } = value;
  if (value.swarm !== check.swarm) throw membershipRefused(node, 'swarm');
  if (check.node !== null && node !== check.node) throw membershipRefused(node, 'node');
  if (check.isRevoked(node)) throw membershipRefused(node, 'revoked');
  const byUs = signer === check.swarm || signer === check.renewer;
  checkTimes(value, { ...check, graceMs: check.renewer !== undefined && byUs ? RENEWAL_GRACE_MS : 0 });
}

function checkTimes(value: Certificate, { nowMs, graceMs }: { nowMs: number; graceMs: number }): void {
  const { node, issuedMs, expiresMs } = value;
  if (expiresMs - issuedMs > CERTIFICATE_MS_MAX) throw membershipRefused(node, 'lifetime');
  const fault = untimely({ issuedMs, expiresMs: expiresMs + graceMs }, nowMs);
  if (fault !== null) throw membershipRefused(node, fault);
}
