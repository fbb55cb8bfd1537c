import { encode } from 'cborg';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { CBOR_DEPTH_MAX, CBOR_ITEMS_MAX, decodeCbor, encodeCbor } from './cbor.ts';

const read = (bytes: Uint8Array): unknown => decodeCbor(bytes, { what: 'value', bytesMax: 1_000_000 });
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'nothing';
  } catch (error) {
    return isFilonError(error) ? error.code : `foreign: ${error}`;
  }
};

const number = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => (Object.is(value, -0) ? 0 : value));
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(number, fc.string({ unit: 'grapheme' }), fc.uint8Array(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

describe('values', () => {
  test('come back as they were, and have one spelling', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encodeCbor(value);
        expect(read(bytes)).toEqual(value);
        expect(encodeCbor(read(bytes))).toEqual(bytes);
      }),
    );
  });

  test('the order in which keys were set does not matter', () => {
    expect(encodeCbor({ b: 1, a: 2, aa: 3 })).toEqual(encodeCbor({ aa: 3, a: 2, b: 1 }));
  });

  test('whole numbers beyond 2^53 are bigints', () => {
    expect(read(encodeCbor({ big: 2n ** 63n }))).toEqual({ big: 2n ** 63n });
    expect(read(encodeCbor({ big: 5n }))).toEqual({ big: 5 });
  });

  test('undefined is no value', () => {
    expect(() => encodeCbor({ a: undefined })).toThrow(TypeError);
  });
});

describe('bytes', () => {
  test.each<[string, string]>([
    ['nothing', ''],
    ['a head without its value', '42 01'],
    ['a number in more bytes than it needs', '18 01'],
    ['a length in more bytes than it needs', '58 01 00'],
    ['a float that is a whole number', 'f9 3c 00'],
    ['a float in more bytes than it needs', 'fb 3f f8 00 00 00 00 00 00'],
    ['less than zero of nothing', 'f9 80 00'],
    ['no number', 'f9 7e 00'],
    ['an endless number', 'f9 7c 00'],
    ['undefined', 'f7'],
    ['a tag', 'c1 01'],
    ['an array of indefinite length', '9f ff'],
    ['a text that is no UTF-8', '62 c3 28'],
    ['keys out of order', 'a2 61 62 01 61 61 02'],
    ['the same key twice', 'a2 61 61 01 61 61 02'],
    ['a key that is a number', 'a1 01 02'],
    ['something after the end', '01 02'],
    ['a break alone', 'ff'],
    ['an array of 2^32 - 1 values', '9a ff ff ff ff 01'],
    ['a map of 2^53 entries', 'bb 00 20 00 00 00 00 00 00 61 61 01'],
    ['a text of 2^32 - 1 bytes', '7a ff ff ff ff 61'],
    ['bytes of 2^53', '5b 00 20 00 00 00 00 00 00 61'],
  ])('%s is refused', (_, text) => {
    expect(codeOf(() => read(hex(text)))).toBe('WIRE_MALFORMED');
  });

  test('a key __proto__ is a key and nothing else', () => {
    const value = read(hex('a1 69 5f5f70726f746f5f5f a1 61 78 01')) as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value['x']).toBeUndefined();
  });

  test('depth and numbers of values have their limits', () => {
    const nested = (depth: number): Uint8Array => new Uint8Array(depth).fill(0x81).fill(0x80, depth - 1);
    expect(read(nested(CBOR_DEPTH_MAX))).toBeDefined();
    expect(codeOf(() => read(nested(CBOR_DEPTH_MAX + 1)))).toBe('WIRE_MALFORMED');
    expect(codeOf(() => read(nested(900_000)))).toBe('WIRE_MALFORMED');
    expect(read(encode(Array(CBOR_ITEMS_MAX).fill(0)))).toHaveLength(CBOR_ITEMS_MAX);
    expect(codeOf(() => read(encode(Array(CBOR_ITEMS_MAX + 1).fill(0))))).toBe('WIRE_MALFORMED');
    const siblings = encode(Array(9).fill(Array(CBOR_ITEMS_MAX / 8).fill(0)));
    expect(codeOf(() => read(siblings))).toBe('WIRE_MALFORMED');
  });

  test('of more than the limit are not looked at', () => {
    expect(codeOf(() => decodeCbor(new Uint8Array(11), { what: 'value', bytesMax: 10 }))).toBe(
      'WIRE_TOO_LARGE',
    );
  });

  test('of any kind give a value of that one spelling, or a coded error', () => {
    const damaged = fc.tuple(anyValue, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const bytes = encodeCbor(value);
      bytes[at % bytes.length] = byte;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), damaged), (bytes) => {
        const given = bytes.slice();
        const code = codeOf(() => expect(encodeCbor(read(bytes))).toEqual(given));
        expect(['nothing', 'WIRE_MALFORMED']).toContain(code);
      }),
      { numRuns: 2000 },
    );
  });
});
