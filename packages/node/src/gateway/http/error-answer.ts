/** What every API's error answers have in common: status and headers. The body is the vendor's own. */
import { isFilonError } from '@filon/core/errors';
import { retryAfterSeconds, statusOf } from './status-table.ts';

export function errorAnswer(error: unknown, body: unknown): Response {
  const status = statusOf(error);
  const headers = new Headers({ 'x-filon-error': isFilonError(error) ? error.code : 'INTERNAL' });
  const seconds = retryAfterSeconds(error);
  if (seconds !== null) headers.set('retry-after', String(seconds));
  // The rest of the body is not going to be read.
  if (status === 413 || status === 408) headers.set('connection', 'close');
  // 499 is nobody's status: the client that would read it is gone.
  return Response.json(body, { status: status === 499 ? 408 : status, headers });
}

/** What people may read of an error. A bug's own words may quote a prompt. */
export function wordsOf(error: unknown): string {
  if (isFilonError(error) && statusOf(error) !== 500) return error.message;
  return 'something went wrong inside this node; its log says what';
}
