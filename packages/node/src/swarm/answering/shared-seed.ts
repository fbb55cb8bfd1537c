/**
 * Seeds that no side could choose alone: the node that computes commits to a secret before it sees the request
 * (`commitments.ts`), the one that asks adds a nonce, and then the secret is told, before the first token, so that the
 * session can go on elsewhere.
 */
import { createHash } from 'node:crypto';

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return Uint8Array.from(hash.digest());
}

/** The first 8 bytes of sha256(secret, nonce), little-endian. */
export function sharedSeed(secret: Uint8Array, nonce: Uint8Array): bigint {
  return Buffer.from(sha256(secret, nonce)).readBigUInt64LE();
}
