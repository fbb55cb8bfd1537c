/**
 * Certificates: a swarm says that a node is a member. The swarm's root key signs those of members that may invite and of
 * any others; a member that may invite signs those of members that may not. So a chain has one or two of them.
 */
import { z } from 'zod';
import { type KeyId, keyId } from './key-id.ts';
import { type RecordKind, recordKind } from './signed.ts';

const DAY_MS = 86_400_000;
/** Of a member. Renewed at half of it, so a node may be off for half of it and still come back as a member. */
export const CERTIFICATE_MS: number = 7 * DAY_MS;
/** Of a member that may invite: the root key's node may be off for longer. */
export const INVITER_CERTIFICATE_MS: number = 30 * DAY_MS;
/** What claims to hold for longer is refused. */
export const CERTIFICATE_MS_MAX: number = 32 * DAY_MS;
/** For so long after its end a certificate still shows whom to give a new one to. */
export const RENEWAL_GRACE_MS: number = 180 * DAY_MS;

const CERTIFICATE_BYTES_MAX = 384;

/** Signed by the root key, or by a member that may invite. Times are milliseconds since 1970. */
export interface Certificate {
  swarm: KeyId;
  node: KeyId;
  /** Whose machine it is; the operator's own word for it is in the enrolment. */
  operator: KeyId;
  mayInvite: boolean;
  issuedMs: number;
  expiresMs: number;
}

const time = z.int().min(0);

export const certificates: RecordKind<Certificate> = recordKind<Certificate>('filon/certificate/1', {
  schema: z.object({
    swarm: keyId,
    node: keyId,
    operator: keyId,
    mayInvite: z.boolean(),
    issuedMs: time,
    expiresMs: time,
  }),
  bytesMax: CERTIFICATE_BYTES_MAX,
});
