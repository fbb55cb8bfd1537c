/** How nodes, operators and swarms are named: by their ed25519 public key (RFC 8032), in base64url without padding. */
import { z } from 'zod';

/** 43 characters, the 32 bytes of the key. */
export type KeyId = string;

export const KEY_BYTES = 32;

/** The last character carries 4 bits, so its 2 spare bits must be zero: one text a key. */
export const keyId: z.ZodType<KeyId> = z
  .string()
  .regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'it is no key of 32 bytes in base64url');

export function keyIdOf(bytes: Uint8Array): KeyId {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

/** Of a text that is a key: see {@link keyId}. */
export function keyBytes(key: KeyId): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
