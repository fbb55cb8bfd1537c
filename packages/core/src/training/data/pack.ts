/**
 * How documents fill the sequences of an epoch. Documents longer than a sequence are cut into pieces; pieces are taken
 * in an order that seed and epoch decide, and each goes into the fullest of a few open sequences that has room (best
 * fit). Everything is known from lengths alone, so any batch of any epoch can be made without those before it.
 */
import { dataTooLarge } from './errors.ts';
import { shuffled } from './random.ts';

/** Sequences that are being filled at the same time. */
export const OPEN_SEQUENCES = 64;
/** Of one epoch, in memory at 12 bytes each. */
export const PIECES_MAX: number = 2 ** 26;

export interface Pieces {
  /** Of each piece: its document, [pieces]. */
  readonly documents: Uint32Array;
  /** Its first token within the document, [pieces]. */
  readonly starts: Uint32Array;
  /** Places that it takes in a sequence, which is the number of tokens it predicts, [pieces]. */
  readonly lengths: Uint32Array;
}

export interface EpochPlan {
  /** Numbers of pieces, sequence after sequence. */
  readonly order: Uint32Array;
  /** Where each sequence begins in `order`, and the end of the last: [sequences + 1]. */
  readonly bounds: Uint32Array;
}

/** `offsets`: where documents begin, and the last one's end, in tokens; each has 2 or more. Code: DATA_TOO_LARGE. */
export function cutPieces(offsets: Uint32Array, length: number): Pieces {
  const sizes = offsets.subarray(1).map((end, at) => end - (offsets[at] ?? 0) - 1);
  const count = sizes.reduce((sum, predictions) => sum + Math.ceil(predictions / length), 0);
  if (count > PIECES_MAX) throw dataTooLarge('pieces of documents', count, PIECES_MAX);
  const pieces = {
    documents: new Uint32Array(count),
    starts: new Uint32Array(count),
    lengths: new Uint32Array(count),
  };
  let piece = 0;
  sizes.forEach((predictions, document) => {
    for (let start = 0; start < predictions; start += length, piece++) {
      pieces.documents[piece] = document;
      pieces.starts[piece] = start;
      pieces.lengths[piece] = Math.min(length, predictions - start);
    }
  });
  return pieces;
}

export function planEpoch(
  pieces: Pieces,
  { length, seed, epoch }: { length: number; seed: number; epoch: number },
): EpochPlan {
  const count = pieces.lengths.length;
  const plan = new Filling(count);
  for (const piece of shuffled(count, [seed, Math.floor(seed / 2 ** 32), epoch])) {
    const needed = pieces.lengths[piece] ?? 0;
    const open = plan.tightestFit(needed) ?? plan.open(length);
    plan.put(open, piece, needed);
  }
  return plan.end();
}

interface OpenSequence {
  left: number;
  pieces: number[];
}

class Filling {
  readonly #order: Uint32Array;
  readonly #bounds: number[] = [0];
  #filled = 0;
  #open: OpenSequence[] = [];

  constructor(pieces: number) {
    this.#order = new Uint32Array(pieces);
  }

  /** The open sequence in which the least room stays. */
  tightestFit(needed: number): OpenSequence | null {
    let best: OpenSequence | null = null;
    for (const open of this.#open) {
      if (open.left >= needed && (best === null || open.left < best.left)) best = open;
    }
    return best;
  }

  open(length: number): OpenSequence {
    if (this.#open.length === OPEN_SEQUENCES) {
      const fullest = this.#open.reduce((a, b) => (b.left < a.left ? b : a));
      this.#close(fullest);
    }
    const opened = { left: length, pieces: [] };
    this.#open.push(opened);
    return opened;
  }

  put(open: OpenSequence, piece: number, needed: number): void {
    open.pieces.push(piece);
    open.left -= needed;
    if (open.left === 0) this.#close(open);
  }

  end(): EpochPlan {
    for (const open of [...this.#open]) this.#close(open);
    return { order: this.#order, bounds: Uint32Array.from(this.#bounds) };
  }

  #close(open: OpenSequence): void {
    this.#open = this.#open.filter((other) => other !== open);
    this.#order.set(open.pieces, this.#filled);
    this.#filled += open.pieces.length;
    this.#bounds.push(this.#filled);
  }
}
