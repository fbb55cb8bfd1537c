/**
 * Takes an answer apart while it is written: thoughts, text, and calls of tools. Only what may be the beginning of a
 * mark is held back. It goes from character to character, so the pieces do not depend on how the text was cut. What
 * looks like a call and is none comes out as text.
 */
import type { Tool } from '../serving/completion.ts';
import { callMarksOf, type Dialect } from './dialect.ts';
import { HELD_BLANKS_MAX } from './limits.ts';
import { isBlank } from './read/call-reader.ts';
import { type CallTools, type OpenCall, openCall } from './read/open-call.ts';
import { type AnswerPiece, Pieces } from './read/pieces.ts';

export type { AnswerPiece } from './read/pieces.ts';

export interface AnswerParser {
  /** Whether the model is thinking at this place. */
  readonly inReasoning: boolean;
  /** Calls that are complete. */
  readonly calls: number;
  /** `text` holds whole characters. */
  push(text: string): AnswerPiece[];
  /** The rest. Nothing comes after it. */
  end(): AnswerPiece[];
}

export interface AnswerStart {
  /** The prompt ends in the middle of a thought. */
  startsInReasoning: boolean;
  /** Those that may be called; what calls another is text. */
  tools: readonly Tool[];
}

/** Whether there is anything to take apart; otherwise text may go past a parser. */
export function needsParser(dialect: Dialect, { tools }: Pick<AnswerStart, 'tools'>): boolean {
  return tools.length > 0 || dialect.reasoning !== null;
}

export function openAnswerParser(dialect: Dialect, start: AnswerStart): AnswerParser {
  return new StreamParser(dialect, start);
}

/** `brace`: the mark ends with the brace that the call begins with. `lineStart`: only where nothing else stands before it on its line. */
interface Mark {
  text: string;
  opens: 'reasoning' | 'answer' | 'call' | 'brace' | 'nothing';
  lineStart: boolean;
}

const mark = (text: string, opens: Mark['opens'], lineStart: boolean = false): Mark => ({
  ...{ text, opens, lineStart },
});

/** How a second call may follow one that has no marks around it. */
const SEPARATED_BRACES: readonly string[] = [';{', '; {', ';\n{', ',{', ', {', ',\n{'];

class StreamParser implements AnswerParser {
  calls = 0;
  readonly #out = new Pieces();
  readonly #callTools: CallTools;
  readonly #callMarks: readonly Mark[];
  readonly #closeMarks: readonly Mark[];
  readonly #startMarks: readonly Mark[];
  readonly #reasoningMarks: readonly Mark[];
  #state: 'start' | 'reasoning' | 'text' | 'after-call' | 'call' = 'start';
  #call: OpenCall | null = null;
  /** Text of the mark that opened the call, with the blanks before it. */
  #opening = '';
  /** Blanks, then what may become a mark. */
  #held = '';
  /** Blanks after a mark belong to it. */
  #dropsBlanks = false;
  #lineStart = true;

  constructor(dialect: Dialect, { startsInReasoning, tools }: AnswerStart) {
    const { toolFormat: format, reasoning } = dialect;
    const byName = new Map(tools.map((tool) => [tool.name, tool]));
    this.#callTools = { format, tools: byName, names: new Set(byName.keys()), out: this.#out };
    const { open, close } = callMarksOf(format);
    const bare = format === 'json' || format === 'llama3';
    const braces = bare ? [mark('{', 'brace', true)] : [];
    this.#callMarks = tools.length === 0 ? [] : [...open.map((text) => mark(text, 'call')), ...braces];
    const next = bare ? SEPARATED_BRACES.map((text) => mark(text, 'brace')) : [];
    this.#closeMarks = [...this.#callMarks, ...next, ...close.map((text) => mark(text, 'nothing'))];
    const thought = reasoning === null ? [] : [mark(reasoning.open, 'reasoning')];
    this.#startMarks = [...thought, ...this.#callMarks];
    this.#reasoningMarks = reasoning === null ? [] : [mark(reasoning.close, 'answer')];
    if (startsInReasoning && reasoning !== null) {
      this.#state = 'reasoning';
      this.#dropsBlanks = true;
    }
  }

  get inReasoning(): boolean {
    return this.#state === 'reasoning';
  }

  push(text: string): AnswerPiece[] {
    for (const char of text) this.#take(char);
    return this.#out.take();
  }

  end(): AnswerPiece[] {
    if (this.#call !== null) {
      if (this.#call.end() === 'failed') this.#giveBack(this.#call);
      else this.calls += 1;
      this.#call = null;
    } else if (this.#state !== 'after-call' || this.#held.trim() !== '') this.#shed(this.#held.length);
    this.#held = '';
    return this.#out.take();
  }

  #take(char: string): void {
    if (this.#call !== null) {
      const step = this.#call.take(char);
      if (step === 'more') return;
      if (step === 'done') {
        this.#endCall();
        return;
      }
      this.#giveBack(this.#call);
      this.#call = null;
      this.#state = 'text';
    }
    if (this.#dropsBlanks && isBlank(char)) return;
    this.#dropsBlanks = false;
    this.#held += char;
    this.#settle();
  }

  /** Passes on what can be no mark any more. */
  #settle(): void {
    while (this.#held !== '') {
      const body = this.#held.trimStart();
      const marks = this.#marks(this.#held.length - body.length);
      if (body === '' && marks.length > 0 && this.#held.length <= HELD_BLANKS_MAX) return;
      const met = marks.find(({ text }) => text === body);
      if (met !== undefined) this.#meet(met);
      else if (body !== '' && marks.some(({ text }) => text.startsWith(body))) return;
      else this.#shed(1);
    }
  }

  /** Marks that may stand after so many blanks of what is held. */
  #marks(blanks: number): readonly Mark[] {
    const marks = this.#marksOfState();
    if (this.#lineStart || this.#held.lastIndexOf('\n', blanks - 1) >= 0) return marks;
    return marks.filter(({ lineStart }) => !lineStart);
  }

  #marksOfState(): readonly Mark[] {
    if (this.#state === 'start') return this.#startMarks;
    if (this.#state === 'reasoning') return this.#reasoningMarks;
    return this.#state === 'after-call' ? this.#closeMarks : this.#callMarks;
  }

  #shed(count: number): void {
    const [first = ''] = this.#held;
    const text = this.#held.slice(0, Math.max(count, first.length));
    this.#held = this.#held.slice(text.length);
    if (this.#state === 'reasoning') this.#out.add('reasoning', text);
    else {
      if (this.#state === 'start' || text.trim() !== '') this.#state = 'text';
      this.#show(text);
    }
  }

  #show(text: string): void {
    this.#out.add('text', text);
    const line = text.slice(text.lastIndexOf('\n') + 1);
    this.#lineStart = (this.#lineStart || line.length < text.length) && line.trim() === '';
  }

  #meet({ text, opens }: Mark): void {
    const held = this.#held;
    this.#held = '';
    if (opens === 'reasoning' || opens === 'answer') {
      this.#state = opens === 'reasoning' ? 'reasoning' : 'text';
      this.#dropsBlanks = true;
      this.#lineStart = true;
    } else if (opens !== 'nothing') {
      const bare = opens === 'brace';
      this.#state = 'call';
      this.#opening = bare ? held.slice(0, -1) : held;
      this.#call = openCall(bare ? '' : text, this.#callTools);
      if (bare) this.#call.take('{');
    }
  }

  #endCall(): void {
    this.calls += 1;
    this.#call = null;
    this.#state = 'after-call';
    this.#lineStart = true;
  }

  #giveBack(call: OpenCall): void {
    if (call.begun) this.calls += 1;
    this.#show(call.begun ? call.unshown : this.#opening + call.unshown);
  }
}
