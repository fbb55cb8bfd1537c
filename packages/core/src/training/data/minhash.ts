/**
 * How alike two texts are, from short signatures: MinHash (Broder 1997) over the set of three-word shingles. The share
 * of equal entries estimates the Jaccard similarity of the sets, with a standard error of at most 0.046. Deterministic:
 * the permutations are fixed, and part of the format of a manifest.
 */
import { wordsOf } from './normal-text.ts';

/** Bands of rows: two texts of similarity s share a band with probability 1 - (1 - s^6)^20. */
export const BANDS = 20;
export const ROWS = 6;
export const SIGNATURE_LENGTH: number = BANDS * ROWS;
export const SHINGLE_WORDS = 3;
/** Of one text; later ones are not looked at. */
export const SHINGLES_MAX = 100_000;

const [MULTIPLIERS, ADDENDS] = permutations();

export interface Signature {
  /** The lowest 8 bits of each minimum, [SIGNATURE_LENGTH]. */
  readonly bytes: Uint8Array;
  /** One hash a band, [BANDS]. */
  readonly bands: Uint32Array;
}

/** Of a text that `normalText` made; null when there is no word in it. */
export function signatureOf(normal: string): Signature | null {
  const shingles = shinglesOf(normal);
  if (shingles.length === 0) return null;
  const minima = new Uint32Array(SIGNATURE_LENGTH).fill(0xffffffff);
  for (let at = 0; at < SIGNATURE_LENGTH; at++) {
    const multiplier = MULTIPLIERS[at] ?? 1;
    const addend = ADDENDS[at] ?? 0;
    let least = 0xffffffff;
    for (let index = 0; index < shingles.length; index++) {
      const value = (Math.imul(shingles[index] ?? 0, multiplier) + addend) >>> 0;
      if (value < least) least = value;
    }
    minima[at] = least;
  }
  const bands = new Uint32Array(BANDS);
  for (let band = 0; band < BANDS; band++) {
    let hash = band + 1;
    for (let row = 0; row < ROWS; row++) hash = mixed(hash ^ (minima[band * ROWS + row] ?? 0));
    bands[band] = hash;
  }
  return { bytes: Uint8Array.from(minima, mixed), bands };
}

/** Estimated Jaccard similarity, 0 to 1; chance matches of the shortened entries are taken off. */
export function similarity(a: Uint8Array, b: Uint8Array): number {
  let equal = 0;
  for (let at = 0; at < SIGNATURE_LENGTH; at++) if (a[at] === b[at]) equal++;
  return Math.max(0, (equal / SIGNATURE_LENGTH - 1 / 256) / (1 - 1 / 256));
}

/** Hashes of every three words in a row; of all words where there are fewer. */
export function shinglesOf(normal: string): Uint32Array {
  const hashes = wordsOf(normal).slice(0, SHINGLES_MAX).map(wordHash);
  const count = hashes.length === 0 ? 0 : Math.max(1, hashes.length - SHINGLE_WORDS + 1);
  return Uint32Array.from({ length: count }, (_, start) => {
    let hash = 0;
    for (let word = start; word < Math.min(start + SHINGLE_WORDS, hashes.length); word++)
      hash = mixed(Math.imul(hash, 31) + (hashes[word] ?? 0));
    return hash;
  });
}

/** FNV-1a over UTF-16 units. */
function wordHash(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: a bijection of 32-bit numbers in which every bit matters. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function permutations(): [Uint32Array, Uint32Array] {
  const multipliers = Uint32Array.from({ length: SIGNATURE_LENGTH }, (_, at) => mixed(2 * at + 1) | 1);
  const addends = Uint32Array.from({ length: SIGNATURE_LENGTH }, (_, at) => mixed(2 * at + 2));
  return [multipliers, addends];
}
