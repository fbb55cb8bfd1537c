/**
 * What a joiner sends. The secret of an invite is never sent: it is the seed of a key, and that key signs a voucher for
 * the joiner's node. So a member that passes the request on, or a copy of the issuer's store, is of no use to anybody
 * else, and a replayed request can only let in the node that it was made for.
 */
import { z } from 'zod';
import { enrolments } from './enrolment.ts';
import { type KeyId, keyId } from './key-id.ts';
import { type RecordKind, recordKind } from './signed.ts';

/** Signed by the node that joins. */
export interface JoinRequest {
  swarm: KeyId;
  node: KeyId;
  /** Of its operator, sealed. */
  enrolment: Uint8Array;
}

/** Signed by the key of an invite's token. */
export interface Voucher {
  swarm: KeyId;
  node: KeyId;
}

/** Hashed (sha256) before a token, the result is the seed of its ed25519 key. */
export const TOKEN_CONTEXT = 'filon/token/1\0';

export const joinRequests: RecordKind<JoinRequest> = recordKind<JoinRequest>('filon/join/1', {
  schema: z.object({
    swarm: keyId,
    node: keyId,
    enrolment: z
      .instanceof(Uint8Array)
      .refine(({ length }) => length <= enrolments.recordBytesMax, 'it is too long'),
  }),
  bytesMax: 640,
});

export const vouchers: RecordKind<Voucher> = recordKind<Voucher>('filon/voucher/1', {
  schema: z.object({ swarm: keyId, node: keyId }),
  bytesMax: 192,
});
