/** `<parameter=NAME>value</parameter>` ... `</function>`, turned into JSON; long texts are passed on as they come. */
import type { Tool } from '../../serving/completion.ts';
import { HEAD_CHARS_MAX, HELD_CALL_CHARS_MAX } from '../limits.ts';
import { jsonOfValue, type ParameterKind, parameterKind, parameterSchema } from '../parameter-kind.ts';
import { type CallReader, isBlank, type Step } from './call-reader.ts';
import type { Pieces } from './pieces.ts';

const OPEN = '<parameter=';
const ENDS: readonly string[] = ['</function>', '</tool_call>'];
/** One line break at the beginning and one at the end of a value are not part of it. */
const CLOSES: readonly string[] = ['\n</parameter>', '</parameter>'];

export class XmlArguments implements CallReader {
  readonly #tool: Tool;
  readonly #out: Pieces;
  #state: 'between' | 'name' | 'value' = 'between';
  /** In a value: what may be the beginning of its end. */
  #held = '';
  #value = '';
  #kind: ParameterKind = 'text';
  #atStart = true;
  #first = true;

  constructor(tool: Tool, out: Pieces) {
    this.#tool = tool;
    this.#out = out;
    this.#write('{');
  }

  get unshown(): string {
    return this.#held;
  }

  take(char: string): Step {
    if (this.#state === 'value') return this.#takeValue(char);
    if (this.#state === 'name') return this.#takeName(char);
    if (this.#held === '' && isBlank(char)) return 'more';
    const held = this.#held + char;
    if (ENDS.includes(held)) {
      this.#held = '';
      this.#write('}');
      return 'done';
    }
    if (![OPEN, ...ENDS].some((mark) => mark.startsWith(held))) return 'failed';
    this.#held = held;
    if (held === OPEN) this.#state = 'name';
    return 'more';
  }

  end(): 'done' | 'failed' {
    if (this.#state !== 'value') return this.#held === '' ? 'done' : 'failed';
    for (const char of this.#held) this.#keep(char);
    this.#held = '';
    // The string stays open, as the answer was cut off in it.
    if (this.#kind !== 'text') this.#write(JSON.stringify(this.#value).slice(0, -1));
    return 'done';
  }

  #takeName(char: string): Step {
    if (char === '\n' || this.#held.length > HEAD_CHARS_MAX) return 'failed';
    if (char !== '>') {
      this.#held += char;
      return 'more';
    }
    const name = this.#held.slice(OPEN.length).trim();
    this.#kind = parameterKind(parameterSchema(this.#tool, name));
    this.#write(`${this.#first ? '' : ', '}${JSON.stringify(name)}: ${this.#kind === 'text' ? '"' : ''}`);
    this.#first = false;
    this.#held = '';
    this.#value = '';
    this.#atStart = true;
    this.#state = 'value';
    return 'more';
  }

  #takeValue(char: string): Step {
    const atStart = this.#atStart;
    this.#atStart = false;
    if (atStart && char === '\n') return 'more';
    this.#held += char;
    if (CLOSES.includes(this.#held)) {
      this.#held = '';
      this.#write(this.#kind === 'text' ? '"' : jsonOfValue(this.#value, this.#kind));
      this.#state = 'between';
      return 'more';
    }
    while (this.#held !== '' && !CLOSES.some((mark) => mark.startsWith(this.#held))) {
      const [first = ''] = this.#held;
      this.#held = this.#held.slice(first.length);
      this.#keep(first);
    }
    return 'more';
  }

  #keep(char: string): void {
    // A value that is too long to be looked at as a whole is a string.
    if (this.#kind !== 'text' && this.#value.length > HELD_CALL_CHARS_MAX) {
      this.#write(JSON.stringify(this.#value).slice(0, -1));
      this.#kind = 'text';
    }
    if (this.#kind === 'text') this.#write(JSON.stringify(char).slice(1, -1));
    else this.#value += char;
  }

  #write(text: string): void {
    this.#out.add('tool-arguments', text);
  }
}
