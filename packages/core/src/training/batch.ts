/**
 * What one micro-step of training computes: token ids packed into sequences, several documents a sequence. The four
 * arrays have shape [sequences, length], row-major.
 */
export const SEQUENCES_MAX = 4096;
export const LENGTH_MAX = 131_072;
/** Tokens of one batch: 64 MiB an array. */
export const BATCH_TOKENS_MAX: number = 2 ** 24;

export interface TrainingBatch {
  /** 1 to {@link SEQUENCES_MAX}. */
  sequences: number;
  /** Tokens a sequence, 1 to {@link LENGTH_MAX}. */
  length: number;
  /** Ids; padding may have any id of the vocabulary. */
  tokens: Int32Array;
  /** The token to be predicted at this place, or -1 where nothing counts. */
  targets: Int32Array;
  /** From 0 in each document. */
  positions: Int32Array;
  /** Numbers the documents of one sequence from 0; -1 is padding. Attention sees equal numbers, and earlier places only. */
  documents: Int32Array;
}

/** How many targets count. A batch in which none does has no loss. */
export function lossTokens(batch: TrainingBatch): number {
  return batch.targets.reduce((count, target) => count + (target >= 0 ? 1 : 0), 0);
}

/** What makes this no batch of that vocabulary, in words, or null. Native code trusts what passed here. */
export function batchFault(batch: TrainingBatch, vocabularySize: number): string | null {
  const { sequences, length } = batch;
  if (!isIn(sequences, 1, SEQUENCES_MAX)) return `${sequences} sequences; 1 to ${SEQUENCES_MAX}`;
  if (!isIn(length, 1, LENGTH_MAX)) return `a length of ${length}; 1 to ${LENGTH_MAX}`;
  const count = sequences * length;
  if (count > BATCH_TOKENS_MAX) return `${count} tokens; at most ${BATCH_TOKENS_MAX}`;
  for (const name of ['tokens', 'targets', 'positions', 'documents'] as const) {
    if (batch[name].length !== count) return `${batch[name].length} ${name}, not ${count}`;
  }
  for (let at = 0; at < count; at++) {
    const fault = faultAt(batch, at, vocabularySize);
    if (fault !== null) return `${fault} at ${at % length} of sequence ${Math.floor(at / length)}`;
  }
  return null;
}

function faultAt(batch: TrainingBatch, at: number, vocabularySize: number): string | null {
  const [token, target, position, document] = [
    batch.tokens[at] ?? -1,
    batch.targets[at] ?? -1,
    batch.positions[at] ?? -1,
    batch.documents[at] ?? -1,
  ];
  if (!isIn(token, 0, vocabularySize - 1)) return `token ${token} is outside the vocabulary`;
  if (!isIn(target, -1, vocabularySize - 1)) return `target ${target} is outside the vocabulary`;
  if (!isIn(position, 0, batch.length - 1)) return `position ${position} is outside the sequence`;
  if (!isIn(document, -1, batch.length - 1)) return `document ${document} is none`;
  return document === -1 && target !== -1 ? `target ${target} is padding` : null;
}

function isIn(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
