/** A record as it spreads: a node's announcement with the proof that the node is a member, each signed by itself. */
import { z } from 'zod';
import { PROOF_BYTES_MAX } from '../swarm/proof.ts';
import { decodeCbor, encodeCbor } from '../wire/cbor.ts';
import { malformed } from '../wire/errors.ts';
import { faultOf } from '../wire/messages.ts';
import { announcements } from './announcement.ts';

/** Keys of the map, and heads. */
const ENVELOPE_BYTES_MAX = 64;
export const RECORD_BYTES_MAX: number = announcements.recordBytesMax + PROOF_BYTES_MAX + ENVELOPE_BYTES_MAX;

export interface AnnouncementRecord {
  /** A sealed record of {@link announcements}. */
  announcement: Uint8Array;
  /** See swarm/proof.ts. */
  proof: Uint8Array;
}

const schema: z.ZodType<AnnouncementRecord, unknown> = z.strictObject({
  announcement: z.instanceof(Uint8Array),
  proof: z.instanceof(Uint8Array),
});

export function encodeRecord({ announcement, proof }: AnnouncementRecord): Uint8Array {
  return encodeCbor({ announcement, proof });
}

/** Nothing in it is checked yet. Codes: WIRE_MALFORMED, WIRE_TOO_LARGE. */
export function decodeRecord(bytes: Uint8Array): AnnouncementRecord {
  const what = 'record of announcements';
  const parsed = schema.safeParse(decodeCbor(bytes, { what, bytesMax: RECORD_BYTES_MAX }));
  if (!parsed.success) throw malformed(what, faultOf(parsed.error));
  return parsed.data;
}
