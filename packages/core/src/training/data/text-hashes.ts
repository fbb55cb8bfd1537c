/** A set of 128-bit hashes in flat memory: 32 bytes each at most, where a `Set` of texts takes over 100. */
import { dataTooLarge } from './errors.ts';

export const TEXT_HASHES_MAX: number = 2 ** 25;
const WORDS = 4;
const FIRST_SLOTS = 1024;

export class TextHashes {
  #slots = FIRST_SLOTS;
  #count = 0;
  #table = new Uint32Array(FIRST_SLOTS * WORDS);

  get size(): number {
    return this.#count;
  }

  /** Whether the first 16 bytes of a hash are there. */
  has(hash: Uint8Array): boolean {
    return this.#table[this.#find(wordsOf(hash))] !== 0;
  }

  /** Code: DATA_TOO_LARGE. */
  add(hash: Uint8Array): void {
    const words = wordsOf(hash);
    const at = this.#find(words);
    if (this.#table[at] !== 0) return;
    if (this.#count >= TEXT_HASHES_MAX) throw dataTooLarge('texts', this.#count + 1, TEXT_HASHES_MAX);
    this.#table.set(words, at);
    this.#count++;
    if (this.#count * 2 > this.#slots) this.#grow();
  }

  #find(words: Uint32Array): number {
    let slot = (words[1] ?? 0) & (this.#slots - 1);
    for (;;) {
      const at = slot * WORDS;
      if (this.#table[at] === 0 || words.every((word, index) => this.#table[at + index] === word)) return at;
      slot = (slot + 1) & (this.#slots - 1);
    }
  }

  #grow(): void {
    const old = this.#table;
    this.#slots *= 2;
    this.#table = new Uint32Array(this.#slots * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      const words = old.subarray(at, at + WORDS);
      if (words[0] !== 0) this.#table.set(words, this.#find(words));
    }
  }
}

/** The first word is never 0, which marks an empty slot. */
function wordsOf(hash: Uint8Array): Uint32Array {
  const view = new DataView(hash.buffer, hash.byteOffset, hash.byteLength);
  const words = Uint32Array.from({ length: WORDS }, (_, at) => view.getUint32(at * 4, true));
  if (words[0] === 0) words[0] = 1;
  return words;
}
