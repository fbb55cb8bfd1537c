import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { isFilonError } from '../errors.ts';
import { encodeCbor } from './cbor.ts';
import { type MessageCodec, messageCodec } from './messages.ts';

type Knock = { kind: 'knock'; times: number } | { kind: 'open'; door: Uint8Array };

const knocks: MessageCodec<Knock> = messageCodec<Knock>(
  { protocol: '/filon/test/1', frameBytesMax: 100 },
  {
    knock: z.object({ kind: z.literal('knock'), times: z.int().min(1) }),
    open: z.object({ kind: z.literal('open'), door: z.instanceof(Uint8Array) }),
  },
);

test('messages come back as they were said', () => {
  expect(knocks.decode(knocks.encode({ kind: 'knock', times: 3 }))).toEqual({ kind: 'knock', times: 3 });
  const open: Knock = { kind: 'open', door: Uint8Array.of(1, 2) };
  expect(knocks.decode(knocks.encode(open))).toEqual(open);
});

test('what a later version adds to a message is left out', () => {
  expect(knocks.decode(encodeCbor({ kind: 'knock', times: 3, loudly: true }))).toEqual({
    kind: 'knock',
    times: 3,
  });
});

test.each<[string, unknown, string]>([
  ['of no kind', { times: 3 }, 'WIRE_MALFORMED'],
  ['that is no map', [1], 'WIRE_MALFORMED'],
  ['whose kind is no text', { kind: 7 }, 'WIRE_MALFORMED'],
  ['of a kind from the future', { kind: 'ring' }, 'WIRE_KIND_UNKNOWN'],
  ['of a kind that all objects have', { kind: 'toString' }, 'WIRE_KIND_UNKNOWN'],
  ['with a wrong field', { kind: 'knock', times: 0 }, 'WIRE_MALFORMED'],
  ['that is too long', { kind: 'open', door: new Uint8Array(100) }, 'WIRE_TOO_LARGE'],
])('a message %s is refused by its code', (_, value, code) => {
  expect(() => knocks.decode(encodeCbor(value))).toThrow(expect.objectContaining({ code }));
});

test('an error of the other side is thrown as one, with its code', () => {
  const frame = knocks.encode({ kind: 'error', code: 'DOOR_LOCKED', message: 'Ring instead.' });
  expect(() => knocks.decode(frame)).toThrow(
    expect.objectContaining({
      details: { code: 'WIRE_REFUSED', protocol: '/filon/test/1', reason: 'DOOR_LOCKED' },
    }),
  );
});

test('any bytes give a message or a coded error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      try {
        knocks.decode(bytes);
      } catch (error) {
        expect(isFilonError(error)).toBe(true);
      }
    }),
  );
});
