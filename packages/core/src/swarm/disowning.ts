/**
 * An operator takes its word back that a node is one of its own: the rig was stolen, or sold. Spread among members like a
 * charter; from then on no proof with an older enrolment holds, so the node is nobody's rig and no member by it.
 */
import { z } from 'zod';
import type { Enrolment } from './enrolment.ts';
import { type KeyId, keyId } from './key-id.ts';
import { type RecordKind, recordKind } from './signed.ts';

/** That a node keeps, of all operators; they fit into one message. */
export const DISOWNINGS_MAX = 256;
/** Of this node's own operator. */
export const DISOWNINGS_OWN_MAX = 64;
const DISOWNING_BYTES_MAX = 192;

/** Signed by the operator. */
export interface Disowning {
  operator: KeyId;
  node: KeyId;
  /** Milliseconds since 1970. Enrolments from then on count again. */
  atMs: number;
}

export const disownings: RecordKind<Disowning> = recordKind<Disowning>('filon/disowning/1', {
  schema: z.object({ operator: keyId, node: keyId, atMs: z.int().min(0) }),
  bytesMax: DISOWNING_BYTES_MAX,
});

export function takesBack(disowning: Disowning, enrolment: Enrolment): boolean {
  const { operator, node, issuedMs } = enrolment;
  return disowning.operator === operator && disowning.node === node && issuedMs <= disowning.atMs;
}
