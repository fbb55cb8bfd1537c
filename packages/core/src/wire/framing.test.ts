import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { FrameReader, frameHead } from './framing.ts';

const LIMIT = { frameBytesMax: 5000 };

function streamOf(frames: readonly Uint8Array[]): Uint8Array {
  const parts = frames.flatMap((frame) => [...frameHead(frame.length), ...frame]);
  return Uint8Array.from(parts);
}

/** Cuts bytes at the given places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
}

test('frames come out as they went in, however the stream is cut', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (list, places) => {
      const reader = new FrameReader(LIMIT);
      const read = cut(streamOf(list), places).flatMap((part) => [...reader.push(part)]);
      expect(read.map((frame) => [...frame])).toEqual(list.map((frame) => [...frame]));
      expect(reader.between).toBe(true);
    }),
  );
});

test('a stream that ends within a frame is not between frames', () => {
  const stream = streamOf([new Uint8Array(300)]);
  for (const end of [1, 2, 3, 301]) {
    const reader = new FrameReader(LIMIT);
    expect([...reader.push(stream.subarray(0, end))]).toEqual([]);
    expect(reader.between).toBe(false);
  }
});

test.each<[string, number[], string]>([
  ['over the limit', [...frameHead(5001)], 'WIRE_TOO_LARGE'],
  ['far over the limit', [0xff, 0xff, 0xff, 0x7f], 'WIRE_TOO_LARGE'],
  ['without an end', [0x80, 0x80, 0x80, 0x80, 0x80], 'WIRE_MALFORMED'],
  ['with zeros in front', [0x81, 0x00, 1], 'WIRE_MALFORMED'],
])('a length %s is refused', (_, bytes, code) => {
  const reader = new FrameReader(LIMIT);
  expect(() => [...reader.push(Uint8Array.from(bytes))]).toThrow(expect.objectContaining({ code }));
});

test('a claimed length takes no memory until bytes come', () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 1000 }, () => new FrameReader({ frameBytesMax: 1_048_576 }));
  for (const reader of readers)
    expect([...reader.push(frameHead(1_048_576)), ...reader.push(new Uint8Array(1))]).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
});

test('any bytes give frames or a coded error', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (parts) => {
      const reader = new FrameReader({ frameBytesMax: 30 });
      try {
        for (const part of parts) {
          for (const frame of reader.push(part)) expect(frame.length).toBeLessThanOrEqual(30);
        }
      } catch (error) {
        expect(isFilonError(error)).toBe(true);
      }
    }),
  );
});
