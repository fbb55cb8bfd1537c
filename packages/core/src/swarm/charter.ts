/**
 * The charter of a swarm: its name, its rules, and whom it has revoked. Signed by its root key; a higher version replaces
 * a lower one, and every member passes the highest on, so a revocation reaches all of them without their asking.
 */
import { z } from 'zod';
import { CERTIFICATE_MS_MAX, RENEWAL_GRACE_MS } from './certificate.ts';
import { revokedFull } from './errors.ts';
import { type KeyId, keyId } from './key-id.ts';
import { type RecordKind, recordKind } from './signed.ts';

export const SWARM_NAME_CHARS_MAX = 64;
/** Nodes whose certificates could still be renewed. */
export const REVOKED_MAX = 1000;
/** After that no certificate of the node can be used or renewed. */
const REVOKED_KEPT_MS: number = CERTIFICATE_MS_MAX + RENEWAL_GRACE_MS;
const CHARTER_BYTES_MAX = 98_304;

/** Who may invite others: whoever has the root key; beside it, members that it let; all members that it signed for. */
export type Inviters = 'root' | 'chosen' | 'members';

export interface Charter {
  swarm: KeyId;
  name: string;
  /** Counted from 1. */
  version: number;
  issuedMs: number;
  /** Whether members let in everybody who asks. */
  open: boolean;
  inviters: Inviters;
  revoked: readonly Revocation[];
}

export interface Revocation {
  node: KeyId;
  /** Milliseconds since 1970. */
  atMs: number;
}

export const swarmName: z.ZodType<string> = z
  .string()
  .min(1)
  .max(SWARM_NAME_CHARS_MAX)
  .regex(/^[^\p{C}\s]+( [^\p{C}\s]+)*$/u, 'a name has characters that show, and single spaces between them');

export const charters: RecordKind<Charter> = recordKind<Charter>('filon/charter/1', {
  schema: z.object({
    swarm: keyId,
    name: swarmName,
    version: z.int().min(1),
    issuedMs: z.int().min(0),
    open: z.boolean(),
    inviters: z.enum(['root', 'chosen', 'members']),
    revoked: z.array(z.object({ node: keyId, atMs: z.int().min(0) })).max(REVOKED_MAX),
  }),
  bytesMax: CHARTER_BYTES_MAX,
});

/** With one more node revoked, without those that no certificate outlives. Code: SWARM_REVOKED_FULL. */
export function withRevoked(charter: Charter, revocation: Revocation): Charter {
  const { node, atMs } = revocation;
  const kept = withoutRevoked(charter, revocation).revoked.filter((old) => atMs - old.atMs < REVOKED_KEPT_MS);
  if (kept.length >= REVOKED_MAX) throw revokedFull(node, REVOKED_MAX);
  return { ...charter, version: charter.version + 1, issuedMs: atMs, revoked: [...kept, { node, atMs }] };
}

/** With a node let in again, once it has a new invite. */
export function withoutRevoked(charter: Charter, { node, atMs }: Revocation): Charter {
  const revoked = charter.revoked.filter((old) => old.node !== node);
  return { ...charter, version: charter.version + 1, issuedMs: atMs, revoked };
}
