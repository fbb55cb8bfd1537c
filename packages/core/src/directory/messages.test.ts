import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { encodeCbor } from '../wire/cbor.ts';
import type { Message, MessageCodec } from '../wire/messages.ts';
import {
  type AnnouncementMessage,
  announcementCodec,
  RECORD_ID_BYTES,
  RECORD_IDS_MAX,
  RECORDS_MAX,
} from './announcement-messages.ts';
import { RECORD_BYTES_MAX } from './announcement-record.ts';
import { type LoadMessage, loadCodec, PREFIX_BLOCKS_MAX, PREFIX_HASH_BYTES } from './load-messages.ts';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const ids = fc.integer({ min: 1, max: RECORD_IDS_MAX }).chain((count) => bytesOf(count * RECORD_ID_BYTES));
const record = fc.uint8Array({ minLength: 1, maxLength: 200 });
const announcement: fc.Arbitrary<AnnouncementMessage> = fc.oneof(
  fc.record({ kind: fc.constant('have' as const), ids }),
  fc.record({ kind: fc.constant('want' as const), ids }),
  fc.record({
    kind: fc.constant('records' as const),
    records: fc.array(record, { minLength: 1, maxLength: RECORDS_MAX }),
  }),
);
const count = fc.nat(65_536);
const load: fc.Arbitrary<LoadMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    model: bytesOf(32).map((bytes) => Buffer.from(bytes).toString('hex')),
    prefix: fc.nat(PREFIX_BLOCKS_MAX).chain((blocks) => bytesOf(blocks * PREFIX_HASH_BYTES)),
  }),
  fc.record({
    ...{ kind: fc.constant('load' as const), ready: fc.boolean(), active: count, queued: count },
    sessionsMax: fc.integer({ min: 1, max: 65_536 }),
    queueMs: fc.double({ min: 0, max: 86_400_000, noNaN: true }).map(Math.abs),
    cachedBlocks: fc.nat(PREFIX_BLOCKS_MAX),
    commitment: bytesOf(32),
  }),
);

function describeCodec<M extends Message>(codec: MessageCodec<M>, messages: fc.Arbitrary<M>): void {
  describe(codec.protocol, () => {
    test('messages come back as they were sent', () => {
      fc.assert(
        fc.property(messages, (message) => {
          expect(codec.decode(codec.encode(message))).toEqual(message);
        }),
      );
    });

    /** What comes out of anything is a message, or an error with a code. */
    const isTaken = (frame: Uint8Array): void => {
      try {
        expect(codec.decode(frame)).toHaveProperty('kind');
      } catch (error) {
        expect(isFilonError(error)).toBe(true);
      }
    };

    test('any bytes, and messages with bytes changed, harm nobody', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), isTaken));
      const changed = fc.tuple(messages, fc.nat(), fc.integer({ min: 1, max: 255 }));
      fc.assert(
        fc.property(changed, ([message, at, change]) => {
          const frame = codec.encode(message).slice();
          frame[at % frame.length] = (frame[at % frame.length] ?? 0) ^ change;
          isTaken(frame);
        }),
      );
    });

    test('fields of any other kind harm nobody', () => {
      const value = fc.oneof(
        fc.string(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 80 }),
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 }),
      );
      fc.assert(
        fc.property(messages, value, fc.nat(), (message, other, at) => {
          const names = Object.keys(message);
          isTaken(encodeCbor({ ...message, [names[at % names.length] ?? 'kind']: other }));
        }),
      );
    });
  });
}

describeCodec(announcementCodec, announcement);
describeCodec(loadCodec, load);

test.each<[string, object]>([
  ['half an id', { kind: 'have', ids: new Uint8Array(RECORD_ID_BYTES / 2) }],
  ['no id', { kind: 'want', ids: new Uint8Array(0) }],
  ['too many ids', { kind: 'have', ids: new Uint8Array((RECORD_IDS_MAX + 1) * RECORD_ID_BYTES) }],
  ['no record', { kind: 'records', records: [] }],
  ['an empty record', { kind: 'records', records: [new Uint8Array(0)] }],
  ['a record too long', { kind: 'records', records: [new Uint8Array(RECORD_BYTES_MAX + 1)] }],
  ['too many records', { kind: 'records', records: Array(RECORDS_MAX + 1).fill(Uint8Array.of(1)) }],
])('%s is refused', (_, message) => {
  expect(() => announcementCodec.decode(encodeCbor(message))).toThrow(
    expect.objectContaining({ code: 'WIRE_MALFORMED' }),
  );
});
