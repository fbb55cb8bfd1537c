/** Messages of `/filon/announcements/1`: see docs/protocol/announcements.md. Either side may send any of them. */
import { z } from 'zod';
import { type MessageCodec, messageCodec } from '../wire/messages.ts';
import { RECORD_BYTES_MAX } from './announcement-record.ts';

/** A record's id: the first bytes of the sha256 of its bytes. */
export const RECORD_ID_BYTES = 16;
/** In one message; longer lists go in several. */
export const RECORD_IDS_MAX = 512;
/** Of all records in one message, unless it is a single one. */
export const RECORDS_BYTES_MAX = 32_768;
export const RECORDS_MAX = 64;

export type AnnouncementMessage =
  /** These may be had here. Ids, one after another. */
  | { kind: 'have'; ids: Uint8Array }
  /** Send these; those that are gone meanwhile are left out. */
  | { kind: 'want'; ids: Uint8Array }
  /** What was wanted. */
  | { kind: 'records'; records: Uint8Array[] };

const ids = z
  .instanceof(Uint8Array)
  .refine(
    ({ length }) => length > 0 && length % RECORD_ID_BYTES === 0,
    'it is no list of ids of 16 bytes each',
  )
  .refine(
    ({ length }) => length <= RECORD_IDS_MAX * RECORD_ID_BYTES,
    `it has more than ${RECORD_IDS_MAX} ids`,
  );

const record = z
  .instanceof(Uint8Array)
  .refine(
    ({ length }) => length > 0 && length <= RECORD_BYTES_MAX,
    `it is empty or over ${RECORD_BYTES_MAX} bytes`,
  );

export const announcementCodec: MessageCodec<AnnouncementMessage> = messageCodec<AnnouncementMessage>(
  { protocol: '/filon/announcements/1', frameBytesMax: RECORDS_BYTES_MAX + RECORD_BYTES_MAX },
  {
    have: z.object({ kind: z.literal('have'), ids }),
    want: z.object({ kind: z.literal('want'), ids }),
    records: z.object({ kind: z.literal('records'), records: z.array(record).min(1).max(RECORDS_MAX) }),
  },
);
