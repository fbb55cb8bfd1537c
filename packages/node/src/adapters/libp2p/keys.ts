/** Between node:crypto's keys, this project's key ids and libp2p's peer ids, which are one and the same 32 bytes. */
import type { KeyObject } from 'node:crypto';
import { invariant } from '@filon/core/errors';
import { KEY_BYTES, type KeyId, keyId } from '@filon/core/swarm/key-id';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';

/** Of an ed25519 key. */
export function privateKeyOf(key: KeyObject): Ed25519PrivateKey {
  const { crv, d, x } = key.export({ format: 'jwk' });
  invariant(crv === 'Ed25519' && d !== undefined && x !== undefined, 'a node has a private ed25519 key');
  const raw = Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]);
  const privateKey = privateKeyFromRaw(raw);
  invariant(privateKey.type === 'Ed25519', 'a raw key of 64 bytes is an ed25519 key');
  return privateKey;
}

export function peerIdOf(key: KeyId): PeerId {
  invariant(keyId.safeParse(key).success, 'a peer is named by a key id');
  return peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(key, 'base64url')));
}

/** null: a key of another kind, which no node of ours has. */
export function keyIdOf(peer: PeerId): KeyId | null {
  const raw = peer.type === 'Ed25519' ? peer.publicKey.raw : null;
  return raw?.byteLength === KEY_BYTES ? Buffer.from(raw).toString('base64url') : null;
}
