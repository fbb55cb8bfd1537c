/** Fields that several messages share: from decoded CBOR and back. */
import { z } from 'zod';
import { CODE_CHARS_MAX, SEED_BYTES, SESSION_ID_MAX, TOKENS_MAX, WORDS_CHARS_MAX } from './limits.ts';

export const count = (max: number): z.ZodInt => z.int().min(0).max(max);

export const bytesOf = (length: number): z.ZodType<Uint8Array, Uint8Array> =>
  z.instanceof(Uint8Array).refine((bytes) => bytes.length === length, `it has not ${length} bytes`);

export const seedBytes: z.ZodType<Uint8Array, Uint8Array> = bytesOf(SEED_BYTES);
export const sessionId: z.ZodInt = count(SESSION_ID_MAX);
export const code: z.ZodString = z
  .string()
  .max(CODE_CHARS_MAX)
  .regex(/^[A-Z][A-Z0-9_]*$/);
/** A sentence for people, without characters that do not show. */
export const words: z.ZodString = z
  .string()
  .max(WORDS_CHARS_MAX)
  .regex(/^[^\p{C}]*$/u);

/** Ids of tokens as 32-bit integers, little-endian. */
export const tokenBytes: z.ZodType<Int32Array, Uint8Array> = z.codec(
  z
    .instanceof(Uint8Array)
    .refine(({ length }) => length % 4 === 0 && length <= 4 * TOKENS_MAX, 'it is no list of tokens'),
  z.instanceof(Int32Array),
  { decode: decodeTokens, encode: encodeTokens },
);

function decodeTokens(bytes: Uint8Array): Int32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, index) => view.getInt32(4 * index, true));
}

function encodeTokens(tokens: Int32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * tokens.length);
  const view = new DataView(bytes.buffer);
  for (const [index, token] of tokens.entries()) view.setInt32(4 * index, token, true);
  return bytes;
}

/** A vector of 32-bit floats, little-endian, each of them finite. */
export const vectorBytes = (lengthMax: number): z.ZodType<Float32Array, Uint8Array> =>
  z.codec(
    z
      .instanceof(Uint8Array)
      .refine(({ length }) => length % 4 === 0 && length <= 4 * lengthMax, 'it is no vector'),
    z
      .instanceof(Float32Array)
      .refine((vector) => vector.every((value) => Number.isFinite(value)), 'it has no finite values'),
    { decode: decodeVector, encode: encodeVector },
  );

function decodeVector(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(4 * index, true));
}

function encodeVector(vector: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * vector.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of vector.entries()) view.setFloat32(4 * index, value, true);
  return bytes;
}

/** Unsigned 64 bits: CBOR has small ones as numbers. */
export const uint64: z.ZodType<bigint, number | bigint> = z.codec(
  z.union([
    z.int().min(0),
    z
      .bigint()
      .min(0n)
      .max(2n ** 64n - 1n),
  ]),
  z.bigint(),
  { decode: BigInt, encode: (value) => value },
);

/** Minus infinity, which CBOR here does not have, is null. */
export const logProbability: z.ZodType<number, number | null> = z.codec(
  z.number().max(0.001).nullable(),
  z.custom<number>((value) => typeof value === 'number'),
  {
    decode: (value) => value ?? Number.NEGATIVE_INFINITY,
    encode: (value) => (Number.isFinite(value) ? value : null),
  },
);
