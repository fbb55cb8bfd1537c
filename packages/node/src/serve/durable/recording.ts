/** Puts what an answer brings into the store, turn by turn, and shows it to its followers once it is there. */
import type { Chunk } from '@filon/core/serving/completion';
import type { SessionEvent } from '@filon/core/serving/session';
import type { AnswerRecorder, AnswerStart } from '../serving.ts';
import { type AnswerShelf, tooLarge } from './answer-shelf.ts';
import type { Journal } from './journal.ts';
import type { LiveAnswer } from './live-answer.ts';
import { Replay } from './replay.ts';
import { bytesOf, encodeChunk, encodeEvent } from './stored-form.ts';

export interface RecordingDeps {
  journal: Journal;
  live: LiveAnswer;
  /** null: nothing is stored. */
  shelf: { shelf: AnswerShelf; key: string; partsBefore: number } | null;
  bytesMax: number;
  /** The answer cannot go on being kept. */
  onFailure: (error: unknown) => void;
}

export class Recording implements AnswerRecorder {
  start: AnswerStart | null = null;
  readonly #deps: RecordingDeps;
  readonly #replay: Replay;
  #chunks: Chunk[] = [];
  #events: [choice: number, event: unknown][] = [];
  #scheduled = false;
  #failed = false;
  #bytes = 0;
  #parts: number;

  constructor(deps: RecordingDeps) {
    this.#deps = deps;
    this.#replay = new Replay(deps.live.chunks);
    this.#parts = deps.shelf?.partsBefore ?? 0;
  }

  begun(start: AnswerStart): void {
    this.start = start;
  }

  event(choice: number, event: SessionEvent): void {
    if (this.#deps.shelf === null) return;
    this.#events.push([choice, encodeEvent(event)]);
    this.#schedule();
  }

  /** Codes: ANSWER_TOO_LARGE, ANSWER_INTERRUPTED. */
  chunk(chunk: Chunk): void {
    if (this.#replay.covers(chunk)) return;
    this.#bytes += bytesOf(chunk);
    if (this.#bytes > this.#deps.bytesMax) throw tooLarge(this.#deps.bytesMax);
    this.#chunks.push(chunk);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#failed) return;
    this.#scheduled = true;
    const { live, shelf } = this.#deps;
    let chunks: Chunk[] = [];
    this.#deps.journal.add({
      write: () => {
        chunks = this.#chunks;
        const row = { first: live.chunks.length, chunks: chunks.map(encodeChunk), events: this.#events };
        shelf?.shelf.append(shelf.key, this.#parts, row);
      },
      written: () => {
        this.#reset();
        this.#parts += 1;
        live.publish(chunks);
      },
      failed: (error) => {
        this.#reset();
        this.#failed = true;
        this.#deps.onFailure(error);
      },
    });
  }

  #reset(): void {
    this.#scheduled = false;
    this.#chunks = [];
    this.#events = [];
  }
}
