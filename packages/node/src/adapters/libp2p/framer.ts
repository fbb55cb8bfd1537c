/**
 * Frames in a stream of bytes: an unsigned varint (LEB128, shortest form, at most 4 bytes) with the length, then so many
 * bytes. A length of 0 is the end: what breaks off without it was cut, however politely the connection was closed.
 */

/** 7 bits each, so lengths up to 268,435,455. */
const HEADER_BYTES_MAX = 4;

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
  #pieces: Uint8Array[] = [];
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
      // Not slice(): a Buffer's shares its memory.
      const part = new Uint8Array(piece.subarray(at, at + this.#length - this.#held));
      at += part.byteLength;
      this.#held += part.byteLength;
      this.#pieces.push(part);
      if (this.#held === this.#length) yield { frame: this.#takeFrame() };
    }
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
    const [first] = this.#pieces;
    const frame =
      this.#pieces.length === 1 && first !== undefined ? first : new Uint8Array(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#held = 0;
    this.#length = 0;
    return frame;
  }

  #stop(sign: FrameSign): FrameSign {
    this.#over = true;
    return sign;
  }
}
