/**
 * The noise of a draw: a function of (seed, position, token) alone, so that anybody can draw again and check.
 * Hash: MurmurHash3_x86_32 (Austin Appleby, public domain) over the 16 little-endian bytes
 * seed low, seed high, position, token, with hash seed 0. It is not a secret and need not be one.
 */
import { ln } from './float-math.ts';

/** A little above ln 2, for rounding. */
const LN2_ABOVE = Math.LN2 + 1e-10;

function rotateLeft(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function mixWord(hash: number, word: number): number {
  const k = Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotateLeft(hash ^ k, 13), 5) + 0xe6546b64) | 0;
}

/** The part of the hash that all tokens of a position share. `seed`: unsigned 64 bits; `position`: unsigned 32 bits. */
export function noiseStream(seed: bigint, position: number): number {
  const low = Number(seed & 0xffff_ffffn) | 0;
  const high = Number((seed >> 32n) & 0xffff_ffffn) | 0;
  return mixWord(mixWord(mixWord(0, low), high), position | 0);
}

/** Finishes the hash of {@link noiseStream} for one token: unsigned 32 bits. */
export function noiseBits(stream: number, token: number): number {
  let h = mixWord(stream, token) ^ 16;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Gumbel noise -ln(-ln u), u = (bits + 1/2) / 2^32; between -3.14 and 22.88. */
export function gumbel(bits: number): number {
  return -ln(-ln((bits + 0.5) / 4294967296));
}

/**
 * By the number of leading zeros of ~bits, a value that gumbel(bits) cannot exceed: -ln u >= 1 - u >= 2^-(zeros + 1).
 * It spares two logarithms for nearly every token of a draw over the whole vocabulary.
 */
export const GUMBEL_BOUND: Float64Array = Float64Array.from(
  { length: 33 },
  (_, zeros) => (zeros + 1) * LN2_ABOVE,
);
