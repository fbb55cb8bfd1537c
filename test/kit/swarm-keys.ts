/** Keys and proofs of a made-up swarm, real ones, the same in every run. */
import { createHash } from 'node:crypto';
import { type Certificate, certificates } from '@filon/core/swarm/certificate';
import { enrolments } from '@filon/core/swarm/enrolment';
import { encodeProof } from '@filon/core/swarm/proof';
import type { Signer } from '@filon/core/swarm/signed';
import { type SecretKey, secretKey } from '@filon/node/home/ed25519';

export { verifyEd25519 } from '@filon/node/swarm/membership/verify';

export const NOW_MS = 1_800_000_000_000;
export const DAY_MS = 86_400_000;

export function keyNamed(name: string): SecretKey {
  return secretKey(createHash('sha256').update(name).digest());
}

export interface Made {
  swarm: Signer;
  node: Signer;
  operator: Signer;
  /** Who signs the certificate; the swarm by default. */
  by: Signer;
  /** Of the certificate. */
  changes: Partial<Certificate>;
  /** Who signs the enrolment, and for which node; as it should be by default. */
  enrolledBy: Signer;
  enrolled: string;
}

export function certificateOf(made: Pick<Made, 'swarm' | 'node' | 'operator'> & Partial<Made>): Uint8Array {
  const { swarm, node, operator, by = swarm, changes = {} } = made;
  const certificate: Certificate = {
    ...{ swarm: swarm.key, node: node.key, operator: operator.key, mayInvite: false },
    ...{ issuedMs: NOW_MS, expiresMs: NOW_MS + 7 * DAY_MS },
    ...changes,
  };
  return certificates.seal(certificate, by);
}

export function proofOf(
  made: Pick<Made, 'swarm' | 'node' | 'operator'> & Partial<Made>,
  issuer: Uint8Array | null = null,
): Uint8Array {
  const { operator, node, enrolledBy = operator, enrolled = node.key } = made;
  const enrolment = { operator: operator.key, node: enrolled, issuedMs: NOW_MS };
  return encodeProof({
    certificate: certificateOf(made),
    issuer,
    enrolment: enrolments.seal(enrolment, enrolledBy),
  });
}
