/** An operator says that a node is one of its own. Holds until the node is revoked: nothing renews it. */
import { z } from 'zod';
import { type KeyId, keyId } from './key-id.ts';
import { type RecordKind, recordKind } from './signed.ts';

const ENROLMENT_BYTES_MAX = 192;

/** Signed by the operator. */
export interface Enrolment {
  operator: KeyId;
  node: KeyId;
  /** Milliseconds since 1970. */
  issuedMs: number;
}

export const enrolments: RecordKind<Enrolment> = recordKind<Enrolment>('filon/enrolment/1', {
  schema: z.object({ operator: keyId, node: keyId, issuedMs: z.int().min(0) }),
  bytesMax: ENROLMENT_BYTES_MAX,
});
