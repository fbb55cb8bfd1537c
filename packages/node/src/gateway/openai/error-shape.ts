/** Errors as OpenAI words them, with its codes where it has one and ours everywhere else. */
import { isFilonError } from '@filon/core/errors';
import { errorAnswer, wordsOf } from '../http/error-answer.ts';
import type { ErrorWords } from '../http/intake.ts';
import { type HttpStatus, statusOf } from '../http/status-table.ts';

export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string } & Record<string, unknown>;
}

const CODES: Readonly<Record<string, string>> = {
  SERVE_MODEL_UNKNOWN: 'model_not_found',
  SERVE_CONTEXT_EXCEEDED: 'context_length_exceeded',
  ENGINE_CONTEXT_EXCEEDED: 'context_length_exceeded',
  GATEWAY_RESPONSE_UNKNOWN: 'previous_response_not_found',
  ACCESS_KEY_WRONG: 'invalid_api_key',
  ACCESS_KEY_NEEDED: 'invalid_api_key',
  ACCESS_RATE: 'rate_limit_exceeded',
  ACCESS_BUDGET: 'insufficient_quota',
};

/** What an endpoint calls the fields that errors from further inside are about; null: it has none. */
export interface FieldNames {
  prompt: string | null;
  format: string | null;
}

const NO_FIELDS: FieldNames = { prompt: null, format: null };

/** Which field is at fault when the error comes from further inside. */
const PARAMS: Readonly<Record<string, 'model' | 'tools' | 'format' | 'prompt'>> = {
  SERVE_MODEL_UNKNOWN: 'model',
  SERVE_MODELS_BUSY: 'model',
  SERVE_TOOLS_INVALID: 'tools',
  SERVE_SCHEMA_UNSUPPORTED: 'format',
  ENGINE_GRAMMAR_INVALID: 'format',
  ENGINE_GRAMMAR_TOO_SLOW: 'format',
  SERVE_CONTEXT_EXCEEDED: 'prompt',
  ENGINE_CONTEXT_EXCEEDED: 'prompt',
  SERVE_PROMPT_EMPTY: 'prompt',
};

/** `promptField`: `messages`, `prompt` or `input`; null: there is none. */
export function openAiErrors(promptField: string | null): ErrorWords {
  const names = { prompt: promptField, format: 'response_format' };
  return {
    response: (error) => errorResponse(error, names),
    event: (error) => `data: ${JSON.stringify(errorBody(error, names))}\n\n`,
  };
}

export function errorResponse(error: unknown, names: FieldNames = NO_FIELDS): Response {
  return errorAnswer(error, errorBody(error, names));
}

export function errorBody(error: unknown, names: FieldNames = NO_FIELDS): OpenAiError {
  const status = statusOf(error);
  const message = wordsOf(error);
  if (!isFilonError(error) || status === 500) {
    return { error: { message, type: 'server_error', param: null, code: 'internal_error' } };
  }
  const { code, details } = error;
  return {
    error: {
      message,
      type: typeOf(status),
      param: paramOf(code, details, names),
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

function paramOf(code: string, details: object, names: FieldNames): string | null {
  if (code === 'SERVE_TOKEN_UNKNOWN' && 'field' in details) {
    return details.field === 'logitBias' ? 'logit_bias' : names.prompt;
  }
  if ('field' in details && typeof details.field === 'string') return details.field;
  const param = PARAMS[code] ?? (code.startsWith('TEMPLATE_') ? 'prompt' : null);
  return param === 'prompt' || param === 'format' ? names[param] : param;
}

function placeInQueue(details: object): Record<string, unknown> {
  return {
    ...('position' in details ? { queue_position: details.position } : {}),
    ...('retryAfterSeconds' in details ? { retry_after_seconds: details.retryAfterSeconds } : {}),
  };
}
