/** An error as a response that failed tells it. */
import { wordsOf } from '../../http/error-answer.ts';
import { statusOf } from '../../http/status-table.ts';
import type { ResponseFailure } from './shapes.ts';

export function failureOf(error: unknown): ResponseFailure {
  const status = statusOf(error);
  const message = wordsOf(error);
  if (status === 429) return { code: 'rate_limit_exceeded', message };
  return { code: status >= 500 ? 'server_error' : 'invalid_prompt', message };
}
