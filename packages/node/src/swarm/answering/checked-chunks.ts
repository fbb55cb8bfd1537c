/** Whether the pieces that a node sends are an answer to what it was asked: no choice too many, nothing behind an end. */
import type { CompletionChunk } from '@filon/core/answering/completion-schemas';

interface Choice {
  /** Calls that began. */
  calls: number;
  ended: boolean;
}

export class CheckedChunks {
  readonly #choices: Choice[];
  readonly #stop: readonly string[];

  constructor({ choices, stop }: { choices: number; stop: readonly string[] }) {
    this.#choices = Array.from({ length: choices }, () => ({ calls: 0, ended: false }));
    this.#stop = stop;
  }

  /** Every choice has its end. */
  get isWhole(): boolean {
    return this.#choices.every(({ ended }) => ended);
  }

  /** What is wrong with it; null: nothing. */
  faultOf(chunk: CompletionChunk): string | null {
    const choice = this.#choices[chunk.choice];
    if (choice === undefined) return 'it answers more often than it was asked to';
    if (choice.ended) return 'it goes on behind an end';
    if (chunk.kind === 'end') {
      choice.ended = true;
      return chunk.stop === undefined || this.#stop.includes(chunk.stop)
        ? null
        : 'it met no such stop string';
    }
    if (chunk.kind === 'tool-arguments') return chunk.index === choice.calls - 1 ? null : OTHER_CALL;
    if (chunk.kind !== 'tool-call') return null;
    if (chunk.index !== choice.calls || chunk.name === '') return OTHER_CALL;
    choice.calls += 1;
    return null;
  }
}

const OTHER_CALL = 'its calls of tools are out of order';
