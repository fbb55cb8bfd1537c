/**
 * A first look at a whole file of text: its hash, its size, and the encoding that all of its bytes agree with. Nothing is
 * guessed where bytes allow two readings that matter: such a file is refused with the place.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { binaryData, encodingBad } from '@filon/core/training/data/errors';
import type { Encoding } from '@filon/core/training/data/source';
import { utf8Faults } from './utf8-faults.ts';

export interface Survey {
  sha256: string;
  bytes: number;
  encoding: Encoding;
}

interface Place {
  line: number;
  offset: number;
}

const LINE_FEED = 10;
/** Of control characters that occur in no text; more is no text. */
const CONTROLS_SHARE_MAX = 0.01;
/** NULs on one side of byte pairs from which on a file is UTF-16: western letters have one each. */
const NUL_SHARE_MIN = 0.2;

/** `encoding`: what the recipe says, or null. Codes: DATA_BINARY, DATA_ENCODING. */
export async function surveyText(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  encoding: Encoding | null,
): Promise<Survey> {
  const facts = new TextFacts();
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    hash.update(chunk);
    facts.add(chunk);
  }
  facts.end();
  return { sha256: hash.digest('hex'), bytes: facts.bytes, encoding: decide(name, facts, encoding) };
}

function decide(name: string, facts: TextFacts, named: Encoding | null): Encoding {
  const marked = facts.mark;
  if (named !== null) {
    if (named === 'utf-8' && facts.firstBad !== null)
      throw encodingBad(
        name,
        { ...facts.firstBad, encoding: 'UTF-8' },
        'name its true encoding in the recipe',
      );
    return named;
  }
  if (marked === 'utf-16le' || marked === 'utf-16be') return marked;
  if (facts.firstNul !== null) return wideEncoding(name, facts, facts.firstNul);
  if (facts.firstControl !== null && facts.controls > facts.bytes * CONTROLS_SHARE_MAX)
    throw binaryData(name, facts.firstControl);
  if (facts.firstBad === null) return 'utf-8';
  const place = { ...facts.firstBad, encoding: 'UTF-8' };
  if (marked === 'utf-8' || facts.wideCharacters > 0)
    throw encodingBad(name, place, 'it mixes encodings; save it as UTF-8 throughout');
  if (facts.firstUnassigned !== null)
    throw encodingBad(name, place, 'it is not Windows-1252 either; save it as UTF-8');
  return 'windows-1252';
}

function wideEncoding(name: string, facts: TextFacts, firstNul: Place): Encoding {
  const pairs = facts.bytes / 2;
  const [even, odd] = facts.nuls;
  const isWhole = Number.isInteger(pairs);
  if (isWhole && odd > pairs * NUL_SHARE_MIN && even < pairs / 100) return 'utf-16le';
  if (isWhole && even > pairs * NUL_SHARE_MIN && odd < pairs / 100) return 'utf-16be';
  throw binaryData(name, firstNul);
}

/** What is counted of bytes as they come. */
class TextFacts {
  bytes = 0;
  firstBad: Place | null = null;
  firstNul: Place | null = null;
  firstControl: Place | null = null;
  /** Byte values that Windows-1252 leaves free. */
  firstUnassigned: Place | null = null;
  controls = 0;
  /** Valid characters of UTF-8 of two bytes and more, once something was invalid or while nothing is yet. */
  wideCharacters = 0;
  /** At even and odd offsets. */
  nuls: [number, number] = [0, 0];
  #lines = 0;
  #head: number[] = [];
  /** Bytes of a character that is not whole yet. */
  #rest: Uint8Array = new Uint8Array();

  /** The encoding that a byte order mark names. */
  get mark(): Encoding | null {
    const [a, b, c] = this.#head;
    if (a === 0xff && b === 0xfe) return 'utf-16le';
    if (a === 0xfe && b === 0xff) return 'utf-16be';
    return a === 0xef && b === 0xbb && c === 0xbf ? 'utf-8' : null;
  }

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#head.length < 3; at++) this.#head.push(chunk[at] ?? 0);
    this.#checkUtf8(chunk, false);
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === LINE_FEED) this.#lines++;
      else if (byte < 32 || byte > 126) this.#oddByte(byte, at);
    }
    this.bytes += chunk.length;
  }

  end(): void {
    this.#checkUtf8(new Uint8Array(), true);
  }

  #oddByte(byte: number, at: number): void {
    const place = (): Place => ({ line: this.#lines + 1, offset: this.bytes + at });
    if (byte === 0) {
      this.firstNul ??= place();
      this.nuls[((this.bytes + at) % 2) as 0 | 1]++;
    } else if (byte === 127 || (byte < 32 && ![9, 12, 13, 27].includes(byte))) {
      this.firstControl ??= place();
      this.controls++;
    } else if (byte === 0x81 || byte === 0x8d || byte === 0x8f || byte === 0x90 || byte === 0x9d) {
      this.firstUnassigned ??= place();
    }
  }

  /** Native where all is well; only what is not is looked at byte by byte. */
  #checkUtf8(chunk: Uint8Array, isLast: boolean): void {
    const joined = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const cut = isLast ? joined.length : wholeCharacters(joined);
    const whole = joined.subarray(0, cut);
    const before = this.bytes - this.#rest.length;
    if (!isUtf8(whole)) {
      const faults = utf8Faults(whole);
      this.wideCharacters += faults.wide;
      const { first } = faults;
      if (first !== null) this.firstBad ??= { line: this.#lineAt(whole, first), offset: before + first };
    } else if (this.wideCharacters === 0 && whole.some((byte) => byte > 127)) this.wideCharacters = 1;
    this.#rest = joined.slice(cut);
  }

  #lineAt(bytes: Uint8Array, end: number): number {
    return bytes
      .subarray(0, end)
      .reduce((line, byte) => line + (byte === LINE_FEED ? 1 : 0), this.#lines + 1);
  }
}

/** Bytes up to the last character that may be cut off at the end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
    if (needed > back) return bytes.length - back;
    if (needed !== 0) break;
  }
  return bytes.length;
}
