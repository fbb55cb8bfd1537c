/** Tells the chunks of an answer that is gone on with apart from those that were stored before. */
import { isDeepStrictEqual } from 'node:util';
import { FilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import type { DurableErrorDetails } from './errors.ts';

export class Replay {
  readonly #expected = new Map<number, Chunk[]>();

  /** `stored`: the chunks so far. Pauses are not repeated. */
  constructor(stored: readonly Chunk[]) {
    for (const chunk of stored) {
      if (!('choice' in chunk) || chunk.kind === 'pause') continue;
      const queue = this.#expected.get(chunk.choice);
      if (queue) queue.push(chunk);
      else this.#expected.set(chunk.choice, [chunk]);
    }
    for (const queue of this.#expected.values()) queue.reverse();
  }

  /** Whether it was there before. Codes: ANSWER_INTERRUPTED when something else was. */
  covers(chunk: Chunk): boolean {
    if (!('choice' in chunk) || chunk.kind === 'pause') return false;
    const stored = this.#expected.get(chunk.choice)?.pop();
    if (stored === undefined) return false;
    if (isDeepStrictEqual(withoutId(stored), withoutId(chunk))) return true;
    const message =
      'this version of Filon divides the answer differently from the one that began it; ask again';
    throw new FilonError<DurableErrorDetails>({ code: 'ANSWER_INTERRUPTED', reason: 'changed' }, message);
  }
}

/** The id of a call is drawn; the one that was sent stays. */
function withoutId(chunk: Chunk): Chunk {
  return chunk.kind === 'tool-call' ? { ...chunk, id: '' } : chunk;
}
