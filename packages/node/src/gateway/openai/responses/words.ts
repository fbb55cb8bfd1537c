/** Errors of one response: before its first event, and after it as an event of its own. */
import type { ErrorWords } from '../../http/intake.ts';
import { errorBody, errorResponse } from '../error-shape.ts';

const FIELDS = { prompt: 'input', format: 'text.format' };

export class ResponseWords implements ErrorWords {
  /** Of the last event that went out: an error takes no number, so that whoever comes back misses no event. */
  sequence = 0;
  readonly #told = new WeakSet<object>();

  /** The stream has said so itself, with `response.failed`. */
  tell(error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#told.add(error);
  }

  response(error: unknown): Response {
    return errorResponse(error, FIELDS);
  }

  event(error: unknown): string {
    if (typeof error === 'object' && error !== null && this.#told.has(error)) return '';
    const { code, message, param } = errorBody(error, FIELDS).error;
    const data = { type: 'error', code, message, param, sequence_number: this.sequence };
    return `event: error\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
