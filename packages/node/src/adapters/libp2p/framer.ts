/**
 * Frames in a stream of bytes: an unsigned varint (LEB128, shortest form, at most 4 bytes) with the length, then so many
 * bytes. A length of 0 is the end: what breaks off without it was cut, however politely the connection was closed.
 */

/** 7 bits each, so lengths up to 268,435,455. */
const HEADER_BYTES_MAX = 4;

/** Of a frame whose first piece is shorter. */
const ROOM_BYTES = 1024;
const NOTHING: Uint8Array = new Uint8Array();

export const END_OF_FRAMES: Uint8Array = Uint8Array.of(0);

/** A piece of the stream with which a frame of this length begins. */
export function frameHeader(length: number): Uint8Array {
  const bytes: number[] = [];
  let left = length;
  while (left > 127) {
    bytes.push((left & 127) | 128);
    left >>>= 7;
  }
  bytes.push(left);
  return Uint8Array.from(bytes);
}

export type FrameFault = { fault: 'too-large'; bytes: number } | { fault: 'malformed' };

/** What came, in order. After a fault or the end nothing more is read. */
export type FrameSign = { frame: Uint8Array } | 'end' | FrameFault;

export class FrameReader {
  readonly #frameBytesMax: number;
  #header: number[] = [];
  /** Of the frame under way; 0 between frames. */
  #length = 0;
  /** What came of it, with room for more: it grows with what came, not with what was claimed. */
  #frame: Uint8Array = NOTHING;
  #held = 0;
  #over = false;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** `piece` is copied: what it lies in may be larger by far. */
  *read(piece: Uint8Array): Generator<FrameSign> {
    let at = 0;
    while (at < piece.byteLength && !this.#over) {
      if (this.#length === 0) {
        const sign = this.#readHeader(piece[at] ?? 0);
        at++;
        if (sign !== null) yield sign;
        continue;
      }
      const part = piece.subarray(at, at + this.#length - this.#held);
      at += part.byteLength;
      this.#hold(part);
      if (this.#held === this.#length) yield { frame: this.#takeFrame() };
    }
  }

  #hold(part: Uint8Array): void {
    const bytes = this.#held + part.byteLength;
    if (bytes > this.#frame.byteLength) {
      const frame = new Uint8Array(Math.min(this.#length, Math.max(2 * bytes, ROOM_BYTES)));
      frame.set(this.#frame.subarray(0, this.#held));
      this.#frame = frame;
    }
    this.#frame.set(part, this.#held);
    this.#held = bytes;
  }

  #readHeader(byte: number): FrameSign | null {
    this.#header.push(byte);
    const bytes = this.#header.length;
    if (byte > 127) return bytes < HEADER_BYTES_MAX ? null : this.#stop({ fault: 'malformed' });
    if (byte === 0) return this.#stop(bytes === 1 ? 'end' : { fault: 'malformed' });
    const length = this.#header.reduceRight((sum, part) => sum * 128 + (part & 127), 0);
    this.#header = [];
    if (length > this.#frameBytesMax) return this.#stop({ fault: 'too-large', bytes: length });
    this.#length = length;
    return null;
  }

  #takeFrame(): Uint8Array {
    const frame = this.#frame;
    this.#frame = NOTHING;
    this.#held = 0;
    this.#length = 0;
    return frame;
  }

  #stop(sign: FrameSign): FrameSign {
    this.#over = true;
    return sign;
  }
}
