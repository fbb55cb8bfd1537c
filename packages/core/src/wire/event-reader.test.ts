import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventReader } from './event-reader.ts';

const LIMITS = { charactersMax: 1_000_000, tooLong: () => new RangeError('too long') };

function read(pieces: readonly string[]): string[] {
  const reader = new EventReader(LIMITS);
  return pieces.flatMap((piece) => reader.push(piece));
}

describe('events', () => {
  test('have data of one line or more; comments and names are passed over', () => {
    expect(
      read(['\uFEFF: waiting\n\nevent: a\ndata: {"x":1}\nid: 3\n\ndata:one\ndata: two\n\ndata\n\n']),
    ).toEqual(['{"x":1}', 'one\ntwo', '']);
  });

  test('that are not whole yet are not told', () => {
    expect(read(['data: {"x"', ':1}\n'])).toEqual([]);
    expect(read(['data: {"x"', ':1}\n', '\n'])).toEqual(['{"x":1}']);
  });

  test('are the same wherever the stream is cut, with each kind of newline', () => {
    const data = fc.array(
      fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, '')),
      { maxLength: 8 },
    );
    const cuts = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(data, fc.constantFrom('\n', '\r\n', '\r'), cuts, (events, newline, places) => {
        const stream = events.map((text) => `event: x${newline}data: ${text}${newline}${newline}`).join('');
        const at = [
          0,
          ...places.map((place) => place % (stream.length + 1)).sort((a, b) => a - b),
          stream.length,
        ];
        const pieces = at.slice(1).map((end, index) => stream.slice(at[index], end));
        expect(read(pieces)).toEqual(events);
      }),
    );
  });

  test('that never end are refused', () => {
    for (const piece of ['x'.repeat(1000), 'data: x\n', 'data\n', ': x\n', '\u{1f43b}\r']) {
      const reader = new EventReader(LIMITS);
      reader.push('data: one\n\ndata: ');
      expect(() => {
        for (let count = 0; count < 1_000_000; count += 1) reader.push(piece);
      }).toThrow('too long');
    }
  });

  test('that end may come without end', () => {
    const reader = new EventReader(LIMITS);
    const piece = `data: ${'x'.repeat(999)}\r\n\r\n`;
    for (let count = 0; count < 2000; count += 1) expect(reader.push(piece)).toHaveLength(1);
  });
});
