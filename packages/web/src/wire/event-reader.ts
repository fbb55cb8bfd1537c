/** Takes server-sent events out of text that comes in pieces, as the HTML standard says. */
import { FilonError } from '@filon/core/errors';
import type { WireErrorDetails } from './errors.ts';

/** A line without an end would otherwise fill the memory. */
const PENDING_CHARACTERS_MAX = 16_777_216;

export class EventReader {
  #pending = '';
  #data: string[] = [];
  #begun = false;

  /** The data of the events that are complete now; comments and other fields are passed over. Codes: WEB_STREAM_INVALID. */
  push(piece: string): string[] {
    let text = this.#pending + piece;
    if (!this.#begun && text !== '') {
      this.#begun = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    if (text.length > PENDING_CHARACTERS_MAX) throw tooLong();
    // The newline that a carriage return belongs to may still be on its way.
    const held = text.endsWith('\r') ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.#pending = (lines.pop() ?? '') + text.slice(text.length - held);
    return lines.flatMap((line) => this.#take(line));
  }

  #take(line: string): string[] {
    if (line === '') {
      const data = this.#data;
      this.#data = [];
      return data.length === 0 ? [] : [data.join('\n')];
    }
    if (line === 'data') this.#data.push('');
    else if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    return [];
  }
}

function tooLong(): FilonError<WireErrorDetails> {
  return new FilonError({ code: 'WEB_STREAM_INVALID' }, 'an event of the node does not end');
}
