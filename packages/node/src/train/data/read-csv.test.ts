import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRows, likeliestSeparator } from './read-csv.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}
const read = (text: string, size: number) =>
  Array.fromAsync(csvRows('x.csv', inPieces(text, size), { delimiter: null, onHeading: () => {} }));

test.each([
  ['a,b', ','],
  ['a;b,c;d', ';'],
  ['"a,b,c"\td', '\t'],
  ['alone', ','],
])('likeliestSeparator(%j)', (heading, separator) => expect(likeliestSeparator(heading)).toBe(separator));

test('rows come back as they were written, whatever the pieces are', async () => {
  const cell = fc
    .array(fc.constantFrom('a', '"', ',', '\n', ';', 'é', ' '), { maxLength: 5 })
    .map((parts) => parts.join(''));
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { maxLength: 8 }),
      fc.integer({ min: 1, max: 7 }),
      async (rows, size) => {
        const lines = rows.map(([p, q]) => `${quoted(`x${p}`)},${quoted(q)}`);
        const found = await read(['p,q', ...lines].join('\r\n'), size);
        expect(found.map(({ cells }) => cells)).toEqual(rows.map(([p, q]) => ({ p: `x${p}`, q })));
      },
    ),
  );
});

test('any text is rows, or a file that cannot be read', async () => {
  const piece = fc.oneof(
    fc.constantFrom('"', ',', ';', '\n', '\r\n', 'a', '""'),
    fc.string({ maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 30 }),
      fc.integer({ min: 1, max: 9 }),
      async (pieces, size) => {
        const ended = await read(pieces.join(''), size).catch(
          (error: { details: { code: string } }) => error.details.code,
        );
        if (typeof ended === 'string') expect(ended).toBe('DATA_FILE_INVALID');
        else for (const { line } of ended) expect(line).toBeGreaterThan(0);
      },
    ),
    { numRuns: 300 },
  );
});
