/** Reads little-endian values from a file in bounded chunks, checking every length against the file and the limits. */
import { corrupt, overLimit, truncated } from './errors.ts';
import type { GgufLimits } from './limits.ts';

/** Something with a known length that can be read at any place: a file, or bytes in a test. */
export interface ByteSource {
  /** What error messages call it. */
  readonly label: string;
  readonly bytes: number;
  /** Reads into `target` from `position` on; resolves to the number of bytes read, 0 only at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
}

const WINDOW_BYTES = 256 * 1024;

export class ByteReader {
  readonly source: ByteSource;
  readonly limits: GgufLimits;
  readonly #signal: AbortSignal | undefined;
  #window: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#window.buffer);
  #windowStart = 0;
  #position = 0;

  constructor(source: ByteSource, limits: GgufLimits, signal?: AbortSignal) {
    this.source = source;
    this.limits = limits;
    this.#signal = signal;
  }

  get position(): number {
    return this.#position;
  }

  get file(): string {
    return this.source.label;
  }

  /** Whether the next `bytes` bytes are at hand, so that the synchronous readers may be used. */
  has(bytes: number): boolean {
    const from = this.#position - this.#windowStart;
    return from >= 0 && from + bytes <= this.#window.length;
  }

  /** Brings the next `bytes` bytes to hand. Codes: GGUF_TRUNCATED, GGUF_LIMIT. */
  async need(bytes: number, part: string): Promise<void> {
    if (this.has(bytes)) return;
    this.#signal?.throwIfAborted();
    this.#checkEnd(bytes, part);
    const length = Math.min(Math.max(bytes, WINDOW_BYTES), this.source.bytes - this.#position);
    const window = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = await this.source.read(window.subarray(filled), this.#position + filled);
      if (count === 0) break;
      filled += count;
    }
    // The file may have shrunk since its length was taken.
    if (filled < bytes) {
      throw truncated(this.file, part, {
        neededBytes: this.#position + bytes,
        fileBytes: this.#position + filled,
      });
    }
    this.#window = window.subarray(0, filled);
    this.#view = new DataView(window.buffer, 0, filled);
    this.#windowStart = this.#position;
  }

  /** Steps over bytes without reading them. */
  skip(bytes: number, part: string): void {
    this.#checkEnd(bytes, part);
    this.#position += bytes;
  }

  /** The readers below take what `need` brought. */
  takeU32(): number {
    const value = this.#view.getUint32(this.#position - this.#windowStart, true);
    this.#position += 4;
    return value;
  }

  /** A count, a length or an offset: beyond 2^53 nothing real lies, so that is GGUF_CORRUPT. */
  takeSize(part: string): number {
    const low = this.takeU32();
    const value = this.takeU32() * 2 ** 32 + low;
    if (value > Number.MAX_SAFE_INTEGER) throw corrupt(this.file, part, 'has a length over 2^53');
    return value;
  }

  takeView(bytes: number): DataView {
    const from = this.#position - this.#windowStart;
    this.#position += bytes;
    return new DataView(this.#window.buffer, this.#window.byteOffset + from, bytes);
  }

  async u32(part: string): Promise<number> {
    await this.need(4, part);
    return this.takeU32();
  }

  async size(part: string): Promise<number> {
    await this.need(8, part);
    return this.takeSize(part);
  }

  /** A text of at most `max.bytes`, else GGUF_LIMIT. Bytes that are not UTF-8 become U+FFFD. */
  async string(part: string, max: { limit: string; bytes: number }): Promise<string> {
    const length = await this.size(part);
    if (length > max.bytes) throw overLimit(this.file, max.limit, { value: length, max: max.bytes });
    return this.text(length, part);
  }

  async text(bytes: number, part: string): Promise<string> {
    await this.need(bytes, part);
    return new TextDecoder().decode(this.takeView(bytes));
  }

  #checkEnd(bytes: number, part: string): void {
    const end = this.#position + bytes;
    if (end > this.source.bytes) {
      throw truncated(this.file, part, { neededBytes: end, fileBytes: this.source.bytes });
    }
    if (end > this.limits.headerBytes) {
      throw overLimit(this.file, 'headerBytes', { value: end, max: this.limits.headerBytes });
    }
  }
}
