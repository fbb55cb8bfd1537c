/** The pieces of an answer as chunks: each choice in order, with its end, and whole characters alone. */
import type { Chunk, EndReason } from '@filon/core/serving/completion';
import { upstreamBroken } from '@filon/core/upstream/errors';
import type { CallPiece, Piece } from './events.ts';
import { TOOL_CALLS_MAX } from './limits.ts';

export interface AnswerPlan {
  host: string;
  choices: number;
  /** Whether they were asked for. */
  logprobs: boolean;
  stop: readonly string[];
}

/** Ends that are none, such as `abort`, are not here. */
const REASONS: Readonly<Record<string, EndReason>> = {
  stop: 'stop',
  eos: 'stop',
  content_filter: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
};

interface Choice {
  text: WholeText;
  reasoning: WholeText;
  arguments: WholeText;
  /** The last one; null: none yet. */
  call: { theirs: number; id: string } | null;
  calls: number;
  ended: boolean;
}

export class AnswerChunks {
  readonly #plan: AnswerPlan;
  readonly #choices: Choice[];

  constructor(plan: AnswerPlan) {
    this.#plan = plan;
    this.#choices = Array.from({ length: plan.choices }, () => ({
      ...{ text: new WholeText(), reasoning: new WholeText(), arguments: new WholeText() },
      ...{ call: null, calls: 0, ended: false },
    }));
  }

  /** Every choice has its end. */
  get isOver(): boolean {
    return this.#choices.every(({ ended }) => ended);
  }

  /** Codes: UPSTREAM_BROKEN. */
  push(piece: Piece): Chunk[] {
    const { index } = piece;
    const choice = this.#choices[index];
    if (choice === undefined) throw this.#broken('it answers more often than it was asked to');
    if (choice.ended) {
      if (piece.text === '' && piece.reasoning === '' && piece.calls.length === 0) return [];
      throw this.#broken('it goes on behind an end');
    }
    const chunks: Chunk[] = [];
    const reasoning = choice.reasoning.push(piece.reasoning);
    if (reasoning !== '') chunks.push({ kind: 'reasoning', choice: index, text: reasoning });
    const text = choice.text.push(piece.text);
    const logprobs = this.#plan.logprobs ? piece.logprobs : [];
    if (text !== '' || logprobs.length > 0) chunks.push({ kind: 'delta', choice: index, text, logprobs });
    for (const call of piece.calls) chunks.push(...this.#call(choice, index, call));
    if (piece.finish !== null) chunks.push(...this.#end(choice, piece, piece.finish));
    return chunks;
  }

  #call(choice: Choice, index: number, piece: CallPiece): Chunk[] {
    const chunks: Chunk[] = [];
    if (choice.call === null || this.#isNext(choice.call, piece)) {
      chunks.push(...this.#closeCall(choice, index));
      const { id, name } = this.#begin(choice, piece);
      chunks.push({ kind: 'tool-call', choice: index, index: choice.calls, id, name });
      choice.calls += 1;
    }
    const text = choice.arguments.push(piece.function?.arguments ?? '');
    if (text !== '') chunks.push({ kind: 'tool-arguments', choice: index, index: choice.calls - 1, text });
    return chunks;
  }

  /** Some number their calls, some only give each an id. */
  #isNext(call: NonNullable<Choice['call']>, { index, id }: CallPiece): boolean {
    if (index === undefined || index === null) return id !== undefined && id !== null && id !== call.id;
    if (index < call.theirs) throw this.#broken('it goes back to a call that was over');
    return index > call.theirs;
  }

  #begin(choice: Choice, { index, id, function: called }: CallPiece): { id: string; name: string } {
    if (choice.calls >= TOOL_CALLS_MAX) throw this.#broken(`it calls more than ${TOOL_CALLS_MAX} tools`);
    const name = called?.name ?? '';
    if (name === '') throw this.#broken('it calls a tool without a name');
    const given = id === undefined || id === null || id === '' ? `call_${choice.calls}` : id.toWellFormed();
    choice.call = { theirs: index ?? choice.calls, id: given };
    return { id: given, name: name.toWellFormed() };
  }

  #closeCall(choice: Choice, index: number): Chunk[] {
    const text = choice.arguments.flush();
    return text === '' ? [] : [{ kind: 'tool-arguments', choice: index, index: choice.calls - 1, text }];
  }

  #end(choice: Choice, { index, stop }: Piece, finish: string): Chunk[] {
    const said = Object.hasOwn(REASONS, finish) ? REASONS[finish] : undefined;
    if (said === undefined) throw this.#broken('it ends without saying that it is done');
    choice.ended = true;
    const chunks: Chunk[] = [];
    const reasoning = choice.reasoning.flush();
    if (reasoning !== '') chunks.push({ kind: 'reasoning', choice: index, text: reasoning });
    const text = choice.text.flush();
    if (text !== '') chunks.push({ kind: 'delta', choice: index, text, logprobs: [] });
    chunks.push(...this.#closeCall(choice, index));
    const called = choice.calls > 0 && said !== 'length';
    const reason = called ? 'tool-calls' : said === 'tool-calls' ? 'stop' : said;
    const met = stop !== null && this.#plan.stop.includes(stop) ? { stop } : {};
    chunks.push({ kind: 'end', choice: index, reason, ...met });
    return chunks;
  }

  #broken(why: string): Error {
    return upstreamBroken(this.#plan.host, why);
  }
}

/** Text in pieces that may split a character in two, or hold halves that belong to none. */
class WholeText {
  #half = '';

  push(piece: string): string {
    const text = this.#half + piece;
    this.#half = /[\uD800-\uDBFF]$/.test(text) ? text.slice(-1) : '';
    return text.slice(0, text.length - this.#half.length).toWellFormed();
  }

  flush(): string {
    const left = this.#half.toWellFormed();
    this.#half = '';
    return left;
  }
}
