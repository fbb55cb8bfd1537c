/**
 * `name:value` between braces, with texts between quote marks of their own, turned into JSON as it comes. Names and texts
 * in plain JSON are taken too.
 */
import { DEPTH_MAX, HEAD_CHARS_MAX } from '../limits.ts';
import { jsonOfValue } from '../parameter-kind.ts';
import { type CallReader, isBlank, type Step } from './call-reader.ts';
import type { Pieces } from './pieces.ts';

type State = 'name' | 'colon' | 'value' | 'scalar' | 'text' | 'json-text' | 'after';

export class GemmaArguments implements CallReader {
  readonly #quote: string;
  readonly #out: Pieces;
  readonly #stack: string[] = ['{'];
  #state: State = 'name';
  /** The beginning of a quote mark, a name or a value without quotes. */
  #held = '';
  #inName = false;
  #escaped = false;

  /** `quote`: the mark before and after a text. */
  constructor(quote: string, out: Pieces) {
    this.#quote = quote;
    this.#out = out;
    this.#write('{');
  }

  get unshown(): string {
    return this.#held;
  }

  take(char: string): Step {
    switch (this.#state) {
      case 'name':
        return this.#takeName(char);
      case 'value':
        return this.#takeValue(char);
      case 'scalar':
        return this.#takeScalar(char);
      case 'text':
        return this.#takeText(char);
      case 'json-text':
        return this.#takeJsonText(char);
      case 'colon':
        if (isBlank(char)) return 'more';
        return char === ':' ? this.#go('value', ':') : 'failed';
      case 'after':
        return this.#takeAfter(char);
    }
  }

  end(): 'done' {
    const held = this.#state === 'scalar' ? this.#held : JSON.stringify(this.#held).slice(1, -1);
    this.#write(held);
    this.#held = '';
    return 'done';
  }

  #takeName(char: string): Step {
    if (this.#held === '' && isBlank(char)) return 'more';
    if (this.#held === '' && char === '}') return this.#close(char);
    this.#inName = true;
    const quoted = this.#takeQuote(char);
    if (quoted !== null) return quoted;
    if (char === ':') return this.#go('value', `${JSON.stringify(this.#held.trim())}:`);
    if ('{}[],\n'.includes(char) || this.#held.length > HEAD_CHARS_MAX) return 'failed';
    this.#held += char;
    return 'more';
  }

  #takeValue(char: string): Step {
    if (this.#held === '' && isBlank(char)) return 'more';
    this.#inName = false;
    const quoted = this.#takeQuote(char);
    if (quoted !== null) return quoted;
    if (this.#held === '' && (char === '{' || char === '[')) {
      if (this.#stack.length >= DEPTH_MAX) return 'failed';
      this.#stack.push(char);
      return this.#go(char === '{' ? 'name' : 'value', char);
    }
    if (this.#held === '' && char === ']') return this.#close(char);
    if (this.#held === '' && ',}'.includes(char)) return 'failed';
    this.#state = 'scalar';
    return this.#takeScalar(char);
  }

  /** null: no text begins here. */
  #takeQuote(char: string): Step | null {
    if (this.#held === '' && char === '"') return this.#go('json-text', '"');
    const held = this.#held + char;
    if (held === this.#quote) return this.#go('text', '"');
    if (!this.#quote.startsWith(held)) return null;
    this.#held = held;
    return 'more';
  }

  #takeScalar(char: string): Step {
    if (',}]'.includes(char)) {
      this.#go('after', jsonOfValue(this.#held.trim(), 'json'));
      return this.#takeAfter(char);
    }
    if (this.#held.length > HEAD_CHARS_MAX) return 'failed';
    this.#held += char;
    return 'more';
  }

  #takeText(char: string): Step {
    this.#held += char;
    if (this.#held === this.#quote) return this.#go(this.#inName ? 'colon' : 'after', '"');
    while (this.#held !== '' && !this.#quote.startsWith(this.#held)) {
      const [first = ''] = this.#held;
      this.#held = this.#held.slice(first.length);
      this.#write(JSON.stringify(first).slice(1, -1));
    }
    return 'more';
  }

  #takeJsonText(char: string): Step {
    this.#write(char);
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') this.#state = this.#inName ? 'colon' : 'after';
    return 'more';
  }

  #takeAfter(char: string): Step {
    if (isBlank(char)) return 'more';
    if (char === ',') return this.#go(this.#stack.at(-1) === '{' ? 'name' : 'value', ',');
    return this.#close(char);
  }

  #close(char: string): Step {
    if (char !== (this.#stack.at(-1) === '{' ? '}' : ']')) return 'failed';
    this.#stack.pop();
    this.#go('after', char);
    return this.#stack.length === 0 ? 'done' : 'more';
  }

  #go(state: State, text: string): Step {
    this.#state = state;
    this.#held = '';
    this.#write(text);
    return 'more';
  }

  #write(text: string): void {
    this.#out.add('tool-arguments', text);
  }
}
