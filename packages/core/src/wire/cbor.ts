/**
 * CBOR (RFC 8949) with one spelling for each value, its core deterministic encoding: shortest heads and floats, keys
 * sorted by their bytes, nothing of indefinite length, no tags, no undefined, no NaN, keys of maps are text. What is
 * spelt otherwise is refused, so equal values have equal bytes, and a hash or a signature of the bytes is one of the
 * value. Whole numbers are numbers up to 2^53 and bigints beyond, up to 64 bits.
 */
import { decode, encode, rfc8949EncodeOptions, Tokenizer } from 'cborg';
import { messageOf } from '../errors.ts';
import { malformed, tooLarge } from './errors.ts';

/** Arrays and maps within one another. */
export const CBOR_DEPTH_MAX = 16;
/** Values in all: what a frame's bytes may swell to in memory is bounded by it. */
export const CBOR_ITEMS_MAX = 65_536;

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: true,
  rejectDuplicateMapKeys: true,
} as const;

/** A value of numbers, texts, bytes, booleans, nulls, arrays and plain objects; anything else is a bug and throws. */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value, { ...rfc8949EncodeOptions, typeEncoders: { undefined: refuseUndefined } });
}

/** `what` names it in errors. Codes: WIRE_MALFORMED, WIRE_TOO_LARGE. */
export function decodeCbor(
  bytes: Uint8Array,
  { what, bytesMax }: { what: string; bytesMax: number },
): unknown {
  if (bytes.length > bytesMax) throw tooLarge(what, { bytes: bytes.length, bytesMax });
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value: unknown;
  let again: Uint8Array;
  try {
    value = decode(plain, { ...DECODE_OPTIONS, tokenizer: new LimitedTokenizer(plain, DECODE_OPTIONS) });
    again = encodeCbor(value);
  } catch (error) {
    throw malformed(what, messageOf(error), { cause: error });
  }
  if (!sameBytes(again, plain)) throw malformed(what, 'they do not spell their value the one right way');
  return value;
}

/** Refuses depth and numbers of values before the decoder, which goes into itself for each level, follows them. */
class LimitedTokenizer extends Tokenizer {
  /** Values that each open array or map still lacks. */
  readonly #missing: number[] = [];
  #items = 0;

  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next();
    while (this.#missing.at(-1) === 0) this.#missing.pop();
    const last = this.#missing.length - 1;
    if (last >= 0) this.#missing[last] = (this.#missing[last] ?? 0) - 1;
    const { name } = token.type;
    if (name === 'array' || name === 'map') {
      const count = Number(token.value) * (name === 'map' ? 2 : 1);
      this.#missing.push(count);
      this.#items += count;
    }
    if (this.#missing.length > CBOR_DEPTH_MAX)
      throw new RangeError(`they nest deeper than ${CBOR_DEPTH_MAX}`);
    if (this.#items > CBOR_ITEMS_MAX) throw new RangeError(`they have over ${CBOR_ITEMS_MAX} values`);
    return token;
  }
}

function refuseUndefined(): never {
  throw new TypeError('undefined has no place in a message; say null');
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
