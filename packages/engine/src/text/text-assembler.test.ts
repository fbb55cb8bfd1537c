import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTextAssembler } from './text-assembler.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What must come out in the end, found by trying every place. */
function cutAtFirstStop(text: string, stop: readonly string[]): string {
  for (let end = 1; end <= text.length; end++) {
    const lengths = stop.filter((s) => s.length > 0 && text.slice(0, end).endsWith(s)).map((s) => s.length);
    if (lengths.length > 0) return text.slice(0, end - Math.max(...lengths));
  }
  return text;
}

function assemble(pieces: readonly Uint8Array[], stop: readonly string[]) {
  const assembler = createTextAssembler({ stop });
  const shown = pieces.map((piece) => assembler.push(piece));
  shown.push(assembler.flush());
  return { shown, stoppedBy: assembler.stoppedBy };
}

function split(whole: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
  return places.slice(1).map((place, i) => whole.subarray(places[i], place));
}

/** Few different characters, so that stop strings and their beginnings are met often. */
const someText = fc
  .array(fc.constantFrom('a', 'b', 'c', 'é', '😀', '�', '\uFEFF', '漢'), { maxLength: 40 })
  .map((characters) => characters.join(''));
const stops = fc.array(
  fc.array(fc.constantFrom('a', 'b', 'c', 'é', '😀', '�'), { maxLength: 5 }).map((c) => c.join('')),
  { maxLength: 5 },
);

describe('text assembler', () => {
  test('gives the whole text up to the first stop string, however the bytes are split', () => {
    fc.assert(
      fc.property(someText, stops, fc.array(fc.nat(200), { maxLength: 30 }), (text, stop, cuts) => {
        const { shown, stoppedBy } = assemble(split(bytes(text), cuts), stop);
        const expected = cutAtFirstStop(text, stop);
        expect(shown.join('')).toBe(expected);
        if (stoppedBy === null) expect(expected).toBe(text);
        else {
          expect(stop).toContain(stoppedBy);
          expect(text.startsWith(expected + stoppedBy)).toBe(true);
        }
        for (const part of shown) expect(part.isWellFormed()).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test('decodes invalid bytes like the whole', () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.constantFrom(0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0, 0xef),
    );
    const some = fc.array(byte, { maxLength: 24 });
    fc.assert(
      fc.property(some, stops, fc.array(fc.nat(50), { maxLength: 24 }), (list, stop, cuts) => {
        const whole = Uint8Array.from(list);
        const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole);
        expect(assemble(split(whole, cuts), stop).shown.join('')).toBe(cutAtFirstStop(text, stop));
      }),
      { numRuns: 5000 },
    );
  });

  test('holds nothing back without need', () => {
    const assembler = createTextAssembler({ stop: ['END'] });
    expect(assembler.push(bytes('one E'))).toBe('one ');
    expect(assembler.push(bytes('N'))).toBe('');
    expect(assembler.push(bytes('T'))).toBe('ENT');
    expect(assembler.push(bytes('!'))).toBe('!');
  });

  test('ends at the stop string and stays silent', () => {
    const assembler = createTextAssembler({ stop: ['\n\n', 'User:'] });
    expect(assembler.push(bytes('yes\n'))).toBe('yes');
    expect(assembler.stoppedBy).toBeNull();
    expect(assembler.push(bytes('\nUser: more'))).toBe('');
    expect(assembler.stoppedBy).toBe('\n\n');
    expect(assembler.push(bytes('more'))).toBe('');
    expect(assembler.flush()).toBe('');
  });

  test('the string that is complete first counts, the longest of those', () => {
    expect(assemble([bytes('xabcd')], ['abcd', 'bc']).shown.join('')).toBe('xa');
    expect(assemble([bytes('xabc')], ['bc', 'abc', 'c']).shown.join('')).toBe('x');
  });

  test('a lone surrogate in a stop string matches no half character', () => {
    expect(assemble([bytes('a😀b')], ['\ude00', '\ud83d']).shown.join('')).toBe('a😀b');
  });

  test('an unfinished character at the end becomes U+FFFD', () => {
    expect(assemble([Uint8Array.of(0x61, 0xe2, 0x82)], []).shown).toEqual(['a', '�']);
  });

  test('works through long stop strings in a few operations a character', () => {
    const stop = Array.from({ length: 16 }, (_, i) => 'a'.repeat(255) + String.fromCharCode(98 + i));
    const text = 'a'.repeat(200_000);
    const pieces = Array.from({ length: 2000 }, () => bytes('a'.repeat(100)));
    const { shown, stoppedBy } = assemble(pieces, stop);
    expect(stoppedBy).toBeNull();
    expect(shown.join('')).toBe(text);
  });
});
