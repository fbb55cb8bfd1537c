/**
 * The keys of a home: the node's own, by which others know it; the operator's, which says whose machine it is; and those
 * of swarms that were made here. All are made when they are first needed and never leave the home.
 */
import { join } from 'node:path';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Signer } from '@filon/core/swarm/signed';
import { type SecretKey, secretKey } from './ed25519.ts';
import { newKey, openKeyFile, readKeyFile, readPassphrase, writeKeyFile } from './key-file.ts';
import type { HomePaths } from './paths.ts';

export interface HomeIdentity {
  readonly node: SecretKey;
  readonly operator: Signer;
  /** The root key of a swarm that was made here; null: it was not. Code: HOME_KEY. */
  swarmKey(swarm: KeyId): Signer | null;
  /** The root key of a new swarm, kept. Code: HOME_KEY. */
  createSwarmKey(): Signer;
  /** The key of 32 secret bytes; kept nowhere. */
  signerOf(seed: Uint8Array): Signer;
}

/** Needs the home's lock. Code: HOME_KEY. */
export function openIdentity(paths: HomePaths, options: { passphraseFile: string | null }): HomeIdentity {
  const { passphraseFile } = options;
  const passphrase = passphraseFile === null ? null : readPassphrase(passphraseFile);
  const fileOf = (swarm: KeyId): string => join(paths.swarmKeys, `${swarm}.key`);
  return {
    node: openKeyFile(paths.nodeKey, passphrase),
    operator: openKeyFile(paths.operatorKey, passphrase),
    signerOf: secretKey,
    swarmKey: (swarm) => readKeyFile(fileOf(swarm), passphrase),
    createSwarmKey: () => {
      const key = newKey();
      writeKeyFile(fileOf(key.key), key, passphrase);
      return key;
    },
  };
}
