/** Which items stay: none that is equal or nearly equal to one before it, and none of the held-out ones in the rest. */
import { createHash } from 'node:crypto';
import { type Signature, signatureOf } from '@filon/core/training/data/minhash';
import { NearIndex } from '@filon/core/training/data/near-index';
import { normalText } from '@filon/core/training/data/normal-text';
import { type Split, type SplitRule, splitOf } from '@filon/core/training/data/split';
import { TextHashes } from '@filon/core/training/data/text-hashes';
import { type DropReason, type Item, itemText } from '@filon/core/training/item';

export class Kept {
  readonly #near: NearIndex | null;
  readonly #given: { hashes: TextHashes; near: NearIndex | null };
  readonly #hashes = new TextHashes();

  /** `nearPerMille`: similarity in thousandths from which on two texts are near; null: only equal ones are double. */
  constructor(nearPerMille: number | null) {
    const index = (): NearIndex | null => (nearPerMille === null ? null : new NearIndex(nearPerMille / 1000));
    this.#near = index();
    this.#given = { hashes: new TextHashes(), near: index() };
  }

  /**
   * `rule` null: the item was given as held out. Those stay unless they are equal, near ones being wanted there: many
   * forms of one question. Code: DATA_TOO_LARGE.
   */
  take(item: Item, rule: SplitRule | null): { dropped: DropReason } | { split: Split; hash: Uint8Array } {
    const normal = normalText(itemText(item));
    const hash = createHash('sha256').update(normal).digest();
    if (this.#given.hashes.has(hash)) return { dropped: rule === null ? 'duplicate' : 'in-held-out' };
    const signature = signatureOf(normal);
    if (rule === null) {
      this.#given.hashes.add(hash);
      if (signature !== null) this.#given.near?.add(signature);
      return { split: 'held-out', hash };
    }
    if (this.#hashes.has(hash)) return { dropped: 'duplicate' };
    if (isNear(this.#given.near, signature)) return { dropped: 'near-held-out' };
    if (isNear(this.#near, signature)) return { dropped: 'near-duplicate' };
    this.#hashes.add(hash);
    if (signature !== null) this.#near?.add(signature);
    return { split: splitOf(hash, rule), hash };
  }
}

function isNear(index: NearIndex | null, signature: Signature | null): boolean {
  return index !== null && signature !== null && index.find(signature) !== null;
}
