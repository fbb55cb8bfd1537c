/**
 * Frames in a stream of bytes: the length as an unsigned varint (LEB128, shortest form), then so many bytes. A reader
 * refuses a length before it keeps a byte of that frame, and what it holds grows with what came, not with what was
 * claimed.
 */
import { malformed, tooLarge } from './errors.ts';

/** Lengths below 2^28; no frame comes near. */
const LENGTH_BYTES_MAX = 4;
const FIRST_PART_BYTES = 1024;

/** What goes before a frame of so many bytes. */
export function frameHead(bytes: number): Uint8Array {
  const head: number[] = [];
  let rest = bytes;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Uint8Array.of(...head, rest);
}

export class FrameReader {
  readonly #frameBytesMax: number;
  /** Of the head that is being read. */
  #head: number[] = [];
  /** Of the frame that is being read; null: its head is not complete. */
  #length: number | null = null;
  #held: Uint8Array = new Uint8Array();
  #heldBytes = 0;

  constructor(about: { frameBytesMax: number }) {
    this.#frameBytesMax = about.frameBytesMax;
  }

  /** Whether the stream may end here. */
  get between(): boolean {
    return this.#head.length === 0 && this.#length === null;
  }

  /**
   * The frames that are complete with these bytes, in order. They may share memory with what was given. After an error
   * the stream cannot be read any further. Codes: WIRE_MALFORMED, WIRE_TOO_LARGE.
   */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < bytes.length) {
      this.#length ??= this.#readHead(bytes[at++] ?? 0);
      if (this.#length === null) continue;
      const part = bytes.subarray(at, at + this.#length - this.#heldBytes);
      at += part.length;
      if (part.length === this.#length) {
        this.#length = null;
        yield part;
      } else if (this.#hold(part) === this.#length) {
        yield this.#release();
      }
    }
  }

  /** The length, once its last byte is there. */
  #readHead(byte: number): number | null {
    this.#head.push(byte);
    if (byte > 0x7f) {
      if (this.#head.length === LENGTH_BYTES_MAX) throw malformed('frame', 'its length has no end');
      return null;
    }
    if (byte === 0 && this.#head.length > 1) throw malformed('frame', 'its length has zeros in front');
    const length = this.#head.reduce((sum, part, index) => sum + (part & 0x7f) * 2 ** (7 * index), 0);
    if (length > this.#frameBytesMax) {
      throw tooLarge('frame', { bytes: length, bytesMax: this.#frameBytesMax });
    }
    this.#head = [];
    return length;
  }

  #hold(part: Uint8Array): number {
    const bytes = this.#heldBytes + part.length;
    if (bytes > this.#held.length) {
      const roomy = Math.max(bytes * 2, FIRST_PART_BYTES);
      const held = new Uint8Array(Math.min(roomy, this.#length ?? bytes));
      held.set(this.#held.subarray(0, this.#heldBytes));
      this.#held = held;
    }
    this.#held.set(part, this.#heldBytes);
    this.#heldBytes = bytes;
    return bytes;
  }

  #release(): Uint8Array {
    const frame = this.#held;
    this.#held = new Uint8Array();
    this.#heldBytes = 0;
    this.#length = null;
    return frame;
  }
}
