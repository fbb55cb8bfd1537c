/** Signatures of others, by the system's own cryptography (RFC 8032). */
import { createPublicKey, verify } from 'node:crypto';
import type { Verify } from '@filon/core/swarm/signed';

const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

export const verifyEd25519: Verify = (key, bytes, signature) => {
  try {
    const der = Buffer.concat([SPKI_HEAD, Buffer.from(key, 'base64url')]);
    return verify(null, bytes, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
  } catch {
    // No point of the curve, or no 32 bytes.
    return false;
  }
};
