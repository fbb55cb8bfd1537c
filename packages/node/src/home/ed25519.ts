/** ed25519 keys (RFC 8032) from their 32 secret bytes, by the system's own cryptography. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { keyIdOf } from '@filon/core/swarm/key-id';
import type { Signer } from '@filon/core/swarm/signed';

export const SEED_BYTES = 32;
/** What PKCS #8 has before the seed (RFC 8410). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
/** SPKI: the last bytes are the key. */
const PUBLIC_BYTES = 32;

export interface SecretKey extends Signer {
  readonly seed: Uint8Array;
  /** For a transport, which proves the key in its own way. */
  readonly privateKey: KeyObject;
}

export function secretKey(seed: Uint8Array): SecretKey {
  const der = Buffer.concat([PRIVATE_HEAD, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    key: keyIdOf(spki.subarray(-PUBLIC_BYTES)),
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
    seed,
    privateKey,
  };
}
