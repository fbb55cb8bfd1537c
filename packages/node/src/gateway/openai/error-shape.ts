/** Errors as OpenAI words them, with its codes where it has one and ours everywhere else. */
import { isFilonError } from '@filon/core/errors';
import type { ErrorWords } from '../http/intake.ts';
import { type HttpStatus, retryAfterSeconds, statusOf } from '../http/status-table.ts';

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string } & Record<string, unknown>;
}

const CODES: Readonly<Record<string, string>> = {
  SERVE_MODEL_UNKNOWN: 'model_not_found',
  SERVE_CONTEXT_EXCEEDED: 'context_length_exceeded',
  ENGINE_CONTEXT_EXCEEDED: 'context_length_exceeded',
};

/** Which field is at fault when the error comes from further inside. `prompt`: whatever the endpoint calls it. */
const PARAMS: Readonly<Record<string, 'model' | 'response_format' | 'logit_bias' | 'prompt'>> = {
  SERVE_MODEL_UNKNOWN: 'model',
  SERVE_MODELS_BUSY: 'model',
  SERVE_SCHEMA_UNSUPPORTED: 'response_format',
  ENGINE_GRAMMAR_INVALID: 'response_format',
  ENGINE_GRAMMAR_TOO_SLOW: 'response_format',
  SERVE_CONTEXT_EXCEEDED: 'prompt',
  ENGINE_CONTEXT_EXCEEDED: 'prompt',
  SERVE_PROMPT_EMPTY: 'prompt',
};

/** `promptField`: `messages`, `prompt` or `input`. */
export function openAiErrors(promptField: string): ErrorWords {
  return {
    response: (error) => errorResponse(error, promptField),
    event: (error) => `data: ${JSON.stringify(errorBody(error, promptField))}\n\n`,
  };
}

export function errorResponse(error: unknown, promptField: string | null = null): Response {
  const status = statusOf(error);
  const headers = new Headers({ 'x-filon-error': isFilonError(error) ? error.code : 'INTERNAL' });
  const seconds = retryAfterSeconds(error);
  if (seconds !== null) headers.set('retry-after', String(seconds));
  // The rest of the body is not going to be read.
  if (status === 413 || status === 408) headers.set('connection', 'close');
  // 499 is nobody's status: the client that would read it is gone.
  return Response.json(errorBody(error, promptField), { status: status === 499 ? 408 : status, headers });
}

export function errorBody(error: unknown, promptField: string | null = null): OpenAiError {
  const status = statusOf(error);
  if (!isFilonError(error) || status === 500) {
    const message = 'something went wrong inside this node; its log says what';
    return { error: { message, type: 'server_error', param: null, code: 'internal_error' } };
  }
  const { code, message, details } = error;
  return {
    error: {
      message,
      type: typeOf(status),
      param: paramOf(code, details, promptField),
      code: CODES[code] ?? code,
      ...placeInQueue(details),
    },
  };
}

function typeOf(status: HttpStatus): string {
  if (status === 429) return 'rate_limit_error';
  if (status === 403) return 'permission_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function paramOf(code: string, details: object, promptField: string | null): string | null {
  if (code === 'SERVE_TOKEN_UNKNOWN' && 'field' in details) {
    return details.field === 'logitBias' ? 'logit_bias' : promptField;
  }
  if ('field' in details && typeof details.field === 'string') return details.field;
  const param = PARAMS[code] ?? (code.startsWith('TEMPLATE_') ? 'prompt' : null);
  return param === 'prompt' ? promptField : param;
}

function placeInQueue(details: object): Record<string, unknown> {
  return {
    ...('position' in details ? { queue_position: details.position } : {}),
    ...('retryAfterSeconds' in details ? { retry_after_seconds: details.retryAfterSeconds } : {}),
  };
}
