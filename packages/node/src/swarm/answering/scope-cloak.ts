/** Hides from other nodes whose prefixes they keep. */
import { createHash } from 'node:crypto';
import { SCOPE_BYTES } from '@filon/core/answering/limits';
import type { Signer } from '@filon/core/swarm/signed';

const CONTEXT = new TextEncoder().encode('filon/scope/1\0');

/**
 * The common scope is that of the operator, at all its nodes: others keep the prefixes of operators apart. Any other is
 * a caller of this node alone: hashed with what only its key makes, the same after a restart, so that the far node cannot
 * find out who it is by trying names.
 */
export function scopeCloak(node: Pick<Signer, 'sign'>): (scope: string) => Uint8Array {
  const salt = node.sign(CONTEXT);
  return (scope) => {
    if (scope === '') return new Uint8Array(SCOPE_BYTES);
    const hash = createHash('sha256').update(salt).update(scope).digest();
    return Uint8Array.from(hash.subarray(0, SCOPE_BYTES));
  };
}
