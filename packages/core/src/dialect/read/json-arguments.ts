/** Arguments that are a JSON object already: passed on as they come, from after the opening brace. */
import type { CallReader, Step } from './call-reader.ts';
import { JsonScan } from './json-scan.ts';
import type { Pieces } from './pieces.ts';

export class JsonArguments implements CallReader {
  readonly unshown = '';
  readonly #out: Pieces;
  readonly #close: string | null;
  readonly #scan = new JsonScan(1);

  /** `close`: the mark whose first character, outside of a string, shows that the object is broken. */
  constructor(out: Pieces, close: string | null) {
    this.#out = out;
    this.#close = close;
    out.add('tool-arguments', '{');
  }

  take(char: string): Step {
    if (this.#close !== null && !this.#scan.inString && this.#close.startsWith(char)) return 'failed';
    this.#out.add('tool-arguments', char);
    return this.#scan.take(char) ? 'done' : 'more';
  }

  end(): 'done' {
    return 'done';
  }
}
