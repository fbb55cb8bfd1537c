import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOfBytes } from './text-of-bytes.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a file', () => {
  test('is text in UTF-8, in UTF-16 with its mark, or as Windows wrote it', () => {
    expect(textOfBytes(utf8('\uFEFFaño;10 €\r\n'))).toBe('año;10 €\n');
    expect(textOfBytes(Uint8Array.of(0xff, 0xfe, 0xf1, 0, 0x3b, 0))).toBe('ñ;');
    expect(textOfBytes(Uint8Array.of(0x61, 0xf1, 0x6f, 0x20, 0x80))).toBe('año €');
  });

  test('is refused when it is no text', () => {
    expect(textOfBytes(Uint8Array.from({ length: 500 }, (_, index) => index % 9))).toBeNull();
    expect(textOfBytes(utf8(`PK\u0003\u0004${'\0'.repeat(100)}`))).toBeNull();
  });

  test('of plain text is taken whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite' }), (text) => {
        const plain = text.replace(/\p{Cc}/gu, '');
        expect(textOfBytes(utf8(plain))).toBe(plain);
      }),
    );
  });
});
