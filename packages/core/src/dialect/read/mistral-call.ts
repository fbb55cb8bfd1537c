/** What follows `[TOOL_CALLS]`: a list of JSON calls, one of them, or a name with its arguments. */
import { type CallReader, isBlank, type Step } from './call-reader.ts';
import { BLANKS, type Head, ID, NAME } from './head.ts';
import { HeadedCall } from './headed-call.ts';
import { JsonArguments } from './json-arguments.ts';
import { JSON_HEADS } from './json-heads.ts';
import type { Pieces } from './pieces.ts';

const NAMED_HEADS: readonly Head[] = [
  [BLANKS, NAME, '[ARGS]', BLANKS, '{'],
  [BLANKS, NAME, '[CALL_ID]', ID, '[ARGS]', BLANKS, '{'],
  [BLANKS, NAME, BLANKS, '{'],
];

export class MistralCall implements CallReader {
  readonly #names: ReadonlySet<string>;
  readonly #out: Pieces;
  #state: 'start' | 'item' | 'between' = 'start';
  #inList = false;
  #item: HeadedCall | null = null;
  /** Brackets and commas that belong to no call yet. */
  #lead = '';
  #begun = false;

  constructor(names: ReadonlySet<string>, out: Pieces) {
    this.#names = names;
    this.#out = out;
  }

  get begun(): boolean {
    return this.#begun || this.#item?.begun === true;
  }

  get unshown(): string {
    return this.#item?.begun === true ? this.#item.unshown : this.#lead + (this.#item?.unshown ?? '');
  }

  take(char: string): Step {
    if (this.#state === 'item') return this.#after(this.#item?.take(char) ?? 'failed');
    if (isBlank(char)) {
      this.#lead += char;
      return 'more';
    }
    if (this.#state === 'between') return this.#takeBetween(char);
    this.#inList = char === '[';
    this.#open(char === '[' || char === '{');
    if (!this.#inList) return this.#after(this.#item?.take(char) ?? 'failed');
    this.#lead += char;
    return 'more';
  }

  end(): 'done' | 'failed' {
    if (this.#state === 'between') return 'done';
    return this.#item?.end() ?? 'failed';
  }

  #takeBetween(char: string): Step {
    if (char === ']') return 'done';
    if (char !== ',') return 'failed';
    this.#lead = ',';
    this.#open(true);
    return 'more';
  }

  #after(step: Step): Step {
    if (step !== 'done') return step;
    this.#begun = true;
    if (!this.#inList) return 'done';
    this.#state = 'between';
    this.#item = null;
    this.#lead = '';
    return 'more';
  }

  #open(json: boolean): void {
    const openArguments = (_: string, out: Pieces): CallReader => new JsonArguments(out, null);
    const heads = json ? JSON_HEADS : NAMED_HEADS;
    const shape = { heads, openArguments, enclosed: json, anyOrder: json, close: null };
    this.#item = new HeadedCall(shape, this.#names, this.#out);
    this.#state = 'item';
  }
}
