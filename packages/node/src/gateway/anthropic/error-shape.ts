/** Errors as Anthropic words them. */
import { isFilonError } from '@filon/core/errors';
import { errorAnswer, wordsOf } from '../http/error-answer.ts';
import type { ErrorWords } from '../http/intake.ts';
import { statusOf } from '../http/status-table.ts';

export interface AnthropicError {
  type: 'error';
  error: { type: string; message: string };
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  499: 'timeout_error',
  500: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

const TOO_LONG: readonly string[] = [
  'SERVE_CONTEXT_EXCEEDED',
  'ENGINE_CONTEXT_EXCEEDED',
  'TEMPLATE_OUTPUT_LIMIT',
];

export const ANTHROPIC_ERRORS: ErrorWords = {
  response: (error) => errorAnswer(error, anthropicError(error)),
  event: (error) => `event: error\ndata: ${JSON.stringify(anthropicError(error))}\n\n`,
};

export function anthropicError(error: unknown): AnthropicError {
  const type = TYPES[statusOf(error)] ?? 'invalid_request_error';
  return { type: 'error', error: { type, message: messageOf(error) } };
}

/** Clients that shorten a conversation by themselves look for Anthropic's first words. */
function messageOf(error: unknown): string {
  const isTooLong = TOO_LONG.some((code) => isFilonError(error, code));
  return isTooLong ? `prompt is too long: ${wordsOf(error)}` : wordsOf(error);
}
