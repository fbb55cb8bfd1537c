/** Documents that are looked at as they are, one a sequence. */

import { invariant } from '@filon/core/errors';
import type { TrainingBatch } from '@filon/core/training/batch';

/** Tokens of which each but the first may be predicted; `learned` says which count. */
export interface Row {
  tokens: Int32Array;
  learned: Uint8Array;
}

/** Sequences without a row are padding. Rows have 2 to `length` + 1 tokens. */
export function batchOf(
  rows: readonly Row[],
  { sequences, length }: { sequences: number; length: number },
): TrainingBatch {
  const count = sequences * length;
  const batch: TrainingBatch = {
    ...{ sequences, length, tokens: new Int32Array(count), positions: new Int32Array(count) },
    ...{ targets: new Int32Array(count).fill(-1), documents: new Int32Array(count).fill(-1) },
  };
  for (const [row, { tokens, learned }] of rows.entries()) {
    const size = tokens.length - 1;
    invariant(row < sequences && size >= 1 && size <= length, `${size} tokens of row ${row} do not fit`);
    const from = row * length;
    batch.tokens.set(tokens.subarray(0, size), from);
    batch.documents.fill(0, from, from + size);
    for (let at = 0; at < size; at++) {
      batch.positions[from + at] = at;
      if (learned[at + 1] === 1) batch.targets[from + at] = tokens[at + 1] ?? -1;
    }
  }
  return batch;
}
