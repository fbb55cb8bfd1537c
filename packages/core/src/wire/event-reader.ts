/** Takes server-sent events out of text that comes in pieces (WHATWG HTML, 9.2). Each character is looked at once. */

export interface EventReaderOptions {
  /** Of one event, its comments and names included: what never ends would otherwise fill the memory. */
  charactersMax: number;
  /** What is thrown beyond that. */
  tooLong: () => Error;
}

export class EventReader {
  readonly #options: EventReaderOptions;
  /** The beginning of a line whose end has not come. */
  #pending = '';
  #data: string[] = [];
  /** Of the event so far. */
  #characters = 0;
  #begun = false;
  #afterReturn = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** The data of the events that are complete now; comments and other fields are passed over. */
  push(piece: string): string[] {
    const events: string[] = [];
    if (piece === '') return events;
    const lines = this.#stripped(piece).split(/\r\n|\n|\r/);
    this.#afterReturn = piece.endsWith('\r');
    const last = lines.pop() ?? '';
    for (const line of lines) {
      this.#grow(line);
      this.#take(events);
    }
    this.#grow(last);
    return events;
  }

  /** Without a mark of byte order at the very beginning, and without the rest of a newline that was cut in two. */
  #stripped(piece: string): string {
    const mark = this.#begun ? '' : '\uFEFF';
    const skipped = this.#afterReturn ? '\n' : mark;
    this.#begun = true;
    return skipped !== '' && piece.startsWith(skipped) ? piece.slice(1) : piece;
  }

  #grow(text: string): void {
    this.#pending += text;
    this.#characters += text.length;
    if (this.#characters > this.#options.charactersMax) throw this.#options.tooLong();
  }

  #take(events: string[]): void {
    const line = this.#pending;
    this.#pending = '';
    this.#characters += 1;
    if (line === '') {
      if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      this.#characters = 0;
    } else if (line === 'data') this.#data.push('');
    else if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
  }
}
