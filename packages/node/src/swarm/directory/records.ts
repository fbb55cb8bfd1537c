/** What a record of the directory is, and how its bytes become one. */
import { createHash } from 'node:crypto';
import type { Announcement } from '@filon/core/directory/announcement';
import { RECORD_ID_BYTES } from '@filon/core/directory/announcement-messages';
import type { KeyId } from '@filon/core/swarm/key-id';

/** The 16 bytes of an id as a text of 16 characters, for maps. */
export type RecordId = string;

export interface OpenedRecord {
  /** Who signed it. */
  node: KeyId;
  /** By its certificate. */
  operator: KeyId;
  announcement: Announcement;
}

/**
 * Throws where no member made these bytes as they are: nobody honest hands them on. null: a member did, but its membership
 * is over, or its program is one that says what this one cannot read; others may see that otherwise.
 */
export type OpenRecord = (bytes: Uint8Array) => OpenedRecord | null;

export function recordId(bytes: Uint8Array): RecordId {
  return createHash('sha256').update(bytes).digest().toString('latin1', 0, RECORD_ID_BYTES);
}

export function idsToBytes(ids: readonly RecordId[]): Uint8Array {
  return new Uint8Array(Buffer.from(ids.join(''), 'latin1'));
}

export function idsOf(bytes: Uint8Array): RecordId[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return Array.from({ length: text.length / RECORD_ID_BYTES }, (_, i) =>
    text.slice(i * RECORD_ID_BYTES, (i + 1) * RECORD_ID_BYTES),
  );
}
