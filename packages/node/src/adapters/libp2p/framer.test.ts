import fc from 'fast-check';
import { expect, test } from 'vitest';
import { END_OF_FRAMES, FrameReader, type FrameSign, frameHeader } from './framer.ts';

const MAX = 20_000;

/** Reads the bytes in pieces cut where `cuts` say. */
function readIn(bytes: Uint8Array, cuts: readonly number[]): FrameSign[] {
  const reader = new FrameReader(MAX);
  const at = [0, ...cuts.map((cut) => cut % (bytes.byteLength + 1)), bytes.byteLength].toSorted(
    (a, b) => a - b,
  );
  return at.flatMap((start, index) => [...reader.read(bytes.subarray(start, at[index + 1] ?? start))]);
}

const framed = (frames: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(frames.flatMap((frame) => [frameHeader(frame.byteLength), frame]));

test('frames come out as they went in, wherever the stream is cut', () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 6 }), (sent, cuts) => {
      const stream = Buffer.concat([framed(sent), END_OF_FRAMES]);
      expect(readIn(stream, cuts)).toEqual([...sent.map((frame) => ({ frame })), 'end']);
    }),
  );
});

test('any bytes are read without failing, and no frame is over the limit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(), { maxLength: 4 }), (bytes, cuts) => {
      const signs = readIn(bytes, cuts);
      for (const sign of signs) {
        if (typeof sign === 'object' && 'frame' in sign)
          expect(sign.frame.byteLength).toBeLessThanOrEqual(MAX);
      }
      expect(readIn(bytes, [])).toEqual(signs);
    }),
  );
});

test.each([
  ['a frame over the limit', frameHeader(MAX + 1), { fault: 'too-large', bytes: MAX + 1 }],
  ['the largest length', Uint8Array.of(255, 255, 255, 127), { fault: 'too-large', bytes: 268_435_455 }],
  ['a length of five bytes', Uint8Array.of(129, 128, 128, 128, 1), { fault: 'malformed' }],
  ['a length that is not the shortest', Uint8Array.of(129, 0), { fault: 'malformed' }],
  ['an end that is not the shortest', Uint8Array.of(128, 0), { fault: 'malformed' }],
])('%s is refused', (_, bytes, fault) => {
  expect(readIn(Buffer.concat([bytes, framed([Uint8Array.of(1)])]), [])).toEqual([fault]);
});

test('nothing is read after the end', () => {
  expect(readIn(Buffer.concat([END_OF_FRAMES, framed([Uint8Array.of(1)])]), [])).toEqual(['end']);
});

test('a frame keeps nothing of what it came in', () => {
  const bytes = framed([Uint8Array.of(1, 2, 3)]);
  const signs = readIn(bytes, []);
  bytes.fill(9);
  expect(signs).toEqual([{ frame: Uint8Array.of(1, 2, 3) }]);
});

test('a frame in single bytes takes no more memory than twice its own', () => {
  const bytes = 160_000;
  const one = Uint8Array.of(7);
  const readers = Array.from({ length: 8 }, () => new FrameReader(bytes));
  const before = process.memoryUsage();
  for (const reader of readers) {
    expect([...reader.read(frameHeader(bytes))]).toEqual([]);
    for (let i = 1; i < bytes; i += 1) for (const sign of reader.read(one)) expect(sign).toBeUndefined();
  }
  const after = process.memoryUsage();
  // In single pieces it was 45 MB for each; the heap has garbage of up to some 60 MB in all.
  const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed;
  expect(grown).toBeLessThan(150_000_000);
  for (const reader of readers) expect([...reader.read(one)]).toHaveLength(1);
});
