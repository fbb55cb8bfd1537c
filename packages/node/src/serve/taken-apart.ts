/** The tokens of one choice as chunks of every kind: text, thoughts, calls. */
import { type AnswerParser, type AnswerPiece, openAnswerParser } from '@filon/core/dialect/answer-parser';
import type { Chunk, TokenLogprob, Usage } from '@filon/core/serving/completion';
import type { SessionEvent } from '@filon/core/serving/session';
import type { Reading } from './tools.ts';

export interface ApartPlan {
  reading: Reading;
  choice: number;
  usage: Usage;
  callId: (choice: number, index: number) => string;
}

export class TakenApart {
  readonly #plan: ApartPlan;
  readonly #parser: AnswerParser;
  /** Of tokens whose text is still held back. */
  #logprobs: TokenLogprob[] = [];
  #calls = 0;

  constructor(plan: ApartPlan) {
    this.#plan = plan;
    this.#parser = openAnswerParser(plan.reading.dialect, plan.reading);
  }

  /** The one call that the answer may have is complete. */
  get isOver(): boolean {
    return !this.#plan.reading.parallel && this.#parser.calls > 0;
  }

  token({ text, logprob }: Extract<SessionEvent, { kind: 'token' }>): Chunk[] {
    const wasThinking = this.#parser.inReasoning;
    if (wasThinking) this.#logprobs = [];
    if (logprob !== null) this.#logprobs.push(logprob);
    const chunks = this.#chunks(this.#parser.push(text));
    if (wasThinking || this.#parser.inReasoning) {
      this.#plan.usage.reasoningTokens += 1;
      this.#logprobs = [];
    }
    return chunks;
  }

  end({ text, reason, stop }: Extract<SessionEvent, { kind: 'end' }>): Chunk[] {
    const { choice } = this.#plan;
    const chunks = this.#chunks(this.#parser.push(text));
    chunks.push(...this.#chunks(this.#parser.end()));
    if (reason === 'length' && this.#calls === 0 && this.#logprobs.length > 0) {
      chunks.push({ kind: 'delta', choice, text: '', logprobs: this.#logprobs });
    }
    const called = reason === 'stop' && this.#calls > 0;
    const met = stop === undefined ? {} : { stop };
    chunks.push({ kind: 'end', choice, reason: called ? 'tool-calls' : reason, ...met });
    return chunks;
  }

  #chunks(pieces: readonly AnswerPiece[]): Chunk[] {
    const chunks = pieces.map((piece) => this.#chunk(piece));
    // Those of thoughts and calls are not part of the answer's text.
    if (pieces.length > 0) this.#logprobs = [];
    return chunks;
  }

  #chunk(piece: AnswerPiece): Chunk {
    const { choice, callId } = this.#plan;
    switch (piece.kind) {
      case 'text': {
        const logprobs = this.#logprobs;
        this.#logprobs = [];
        return { kind: 'delta', choice, text: piece.text, logprobs };
      }
      case 'reasoning':
        return { kind: 'reasoning', choice, text: piece.text };
      case 'tool-call': {
        const index = this.#calls++;
        return { kind: 'tool-call', choice, index, id: callId(choice, index), name: piece.name };
      }
      case 'tool-arguments':
        return { kind: 'tool-arguments', choice, index: this.#calls - 1, text: piece.text };
    }
  }
}
