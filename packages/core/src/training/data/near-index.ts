/** The texts that were kept so far, and which of them a new one is nearly equal to: locality-sensitive hashing by bands. */
import { dataTooLarge } from './errors.ts';
import { BANDS, SIGNATURE_LENGTH, type Signature, similarity } from './minhash.ts';

/** Takes about 360 bytes each: 750 MB at most. */
export const NEAR_ITEMS_MAX: number = 2 ** 21;
/** Texts that share a band and are compared, latest first. Boilerplate that thousands share is not searched through. */
export const CANDIDATES_MAX = 64;
const FIRST_CAPACITY = 64;

export class NearIndex {
  readonly #threshold: number;
  #capacity = FIRST_CAPACITY;
  #count = 0;
  #signatures = new Uint8Array(FIRST_CAPACITY * SIGNATURE_LENGTH);
  /** The text before with the same slot in a band, 1 + its number; 0 is none. [items, BANDS] */
  #before = new Uint32Array(FIRST_CAPACITY * BANDS);
  /** The latest text of a slot, [BANDS, slots]. */
  #latest = new Uint32Array(FIRST_CAPACITY * 2 * BANDS);
  /** Hashes of bands, [items, BANDS]: a slot has more than one. */
  #bands = new Uint32Array(FIRST_CAPACITY * BANDS);

  /** `threshold`: estimated Jaccard similarity from which on two texts are near, over 0 to 1. */
  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** The number of a kept text that this one is near to, or null. */
  find(signature: Signature): number | null {
    for (let band = 0; band < BANDS; band++) {
      const hash = signature.bands[band] ?? 0;
      let compared = 0;
      let entry = this.#latest[this.#slot(band, hash)] ?? 0;
      while (entry !== 0 && compared < CANDIDATES_MAX) {
        const item = entry - 1;
        if (this.#bands[item * BANDS + band] === hash) {
          if (similarity(signature.bytes, this.#signatureOf(item)) >= this.#threshold) return item;
          compared++;
        }
        entry = this.#before[item * BANDS + band] ?? 0;
      }
    }
    return null;
  }

  /** Returns the number of the text that is kept. Code: DATA_TOO_LARGE. */
  add(signature: Signature): number {
    if (this.#count >= NEAR_ITEMS_MAX)
      throw dataTooLarge('texts to be compared for near duplicates', this.#count + 1, NEAR_ITEMS_MAX);
    if (this.#count === this.#capacity) this.#grow();
    const item = this.#count++;
    this.#signatures.set(signature.bytes, item * SIGNATURE_LENGTH);
    this.#bands.set(signature.bands, item * BANDS);
    this.#link(item);
    return item;
  }

  #link(item: number): void {
    for (let band = 0; band < BANDS; band++) {
      const slot = this.#slot(band, this.#bands[item * BANDS + band] ?? 0);
      this.#before[item * BANDS + band] = this.#latest[slot] ?? 0;
      this.#latest[slot] = item + 1;
    }
  }

  #slot(band: number, hash: number): number {
    const slots = this.#capacity * 2;
    return band * slots + (hash & (slots - 1));
  }

  #signatureOf(item: number): Uint8Array {
    return this.#signatures.subarray(item * SIGNATURE_LENGTH, (item + 1) * SIGNATURE_LENGTH);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#signatures = grown(this.#signatures);
    this.#bands = grown(this.#bands);
    this.#before = new Uint32Array(this.#capacity * BANDS);
    this.#latest = new Uint32Array(this.#capacity * 2 * BANDS);
    for (let item = 0; item < this.#count; item++) this.#link(item);
  }
}

function grown<A extends Uint8Array | Uint32Array>(array: A): A {
  const larger =
    array instanceof Uint8Array ? new Uint8Array(array.length * 2) : new Uint32Array(array.length * 2);
  larger.set(array);
  return larger as A;
}
