/** The keys that this node can sign with. The home keeps them; nothing here sees a secret. */
import { createHash } from 'node:crypto';
import { TOKEN_CONTEXT } from '@filon/core/swarm/join-request';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Signer } from '@filon/core/swarm/signed';

export interface Identity {
  readonly node: Signer;
  /** Of whoever runs this machine, unless another operator enrolled it. */
  readonly operator: Signer;
  /** The root key of a swarm that was made here; null: it was not. */
  swarmKey(swarm: KeyId): Signer | null;
  /** The root key of a new swarm, kept. */
  createSwarmKey(): Signer;
  /** The key of 32 secret bytes; kept nowhere. */
  signerOf(seed: Uint8Array): Signer;
}

/** The key that an invite's token is. Its issuer keeps only the public half. */
export function tokenSigner(token: Uint8Array, identity: Pick<Identity, 'signerOf'>): Signer {
  return identity.signerOf(createHash('sha256').update(TOKEN_CONTEXT).update(token).digest());
}
