/** The one place where errors become HTTP. A code that is not here does not compile, or is a 500. */
import { isFilonError } from '@filon/core/errors';
import type { ResumeErrorDetails } from '@filon/core/serving/resumption';
import type { ReplicaErrorDetails } from '@filon/core/swarm/replica-errors';
import type { UpstreamErrorDetails } from '@filon/core/upstream/errors';
import type { EngineErrorDetails } from '@filon/engine/errors';
import type { TemplateErrorDetails } from '@filon/engine/template/errors';
import type { AccessErrorDetails } from '../../access/errors.ts';
import type { DurableErrorDetails } from '../../serve/durable/errors.ts';
import type { ServeErrorDetails } from '../../serve/errors.ts';
import type { GatewayErrorDetails } from './errors.ts';

export type HttpStatus = 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 422 | 429 | 499 | 500 | 503 | 504;
type Code = (
  | EngineErrorDetails
  | TemplateErrorDetails
  | ServeErrorDetails
  | GatewayErrorDetails
  | AccessErrorDetails
  | DurableErrorDetails
  | ReplicaErrorDetails
  | UpstreamErrorDetails
  | ResumeErrorDetails
)['code'];

/** 422: asking again would change nothing. 503 and 504: it may. Clients of OpenAI repeat only the latter and 429. */
const STATUS: Readonly<Record<Code, HttpStatus>> = {
  GATEWAY_REQUEST_INVALID: 400,
  GATEWAY_FEATURE_UNSUPPORTED: 400,
  GATEWAY_BODY_TOO_LARGE: 413,
  GATEWAY_BODY_SLOW: 408,
  GATEWAY_CONTENT_TYPE: 415,
  GATEWAY_CONTENT_ENCODING: 415,
  GATEWAY_FORBIDDEN: 403,
  GATEWAY_OPERATOR_ONLY: 403,
  GATEWAY_RESPONSE_UNKNOWN: 400,
  GATEWAY_ROUTE_UNKNOWN: 404,
  GATEWAY_METHOD_WRONG: 405,
  GATEWAY_REQUESTS_FULL: 429,
  GATEWAY_BODIES_FULL: 503,
  GATEWAY_CLIENT_GONE: 499,
  GATEWAY_CLIENT_STALLED: 408,
  GATEWAY_PORT_TAKEN: 500,
  GATEWAY_NOT_LOOPBACK: 500,
  GATEWAY_LISTEN_FAILED: 500,
  GATEWAY_TLS_FILES: 500,
  ACCESS_KEY_WRONG: 401,
  ACCESS_KEY_NEEDED: 401,
  ACCESS_CODE_WRONG: 403,
  ACCESS_CONTROL_NEEDED: 403,
  ACCESS_ATTEMPTS: 429,
  ACCESS_TIER: 403,
  ACCESS_RATE: 429,
  ACCESS_BUDGET: 429,
  ACCESS_BUDGET_HELD: 429,
  ACCESS_KEY_NAME_INVALID: 400,
  ACCESS_KEY_EXISTS: 400,
  ACCESS_KEY_UNKNOWN: 404,
  ACCESS_KEYS_FULL: 400,
  ACCESS_SESSION_UNKNOWN: 404,
  ACCESS_AMOUNT_INVALID: 400,
  PANEL_JOBS_FULL: 429,
  PANEL_JOB_UNKNOWN: 404,
  PANEL_JOB_CANCELLED: 400,
  ANSWER_UNKNOWN: 404,
  ANSWER_ID_INVALID: 500,
  ANSWER_ID_TAKEN: 500,
  ANSWER_RUNNING_FULL: 429,
  ANSWER_FOLLOWERS_FULL: 429,
  ANSWER_TOO_LARGE: 422,
  ANSWER_NOTE_TOO_LARGE: 422,
  ANSWER_ROOM_FULL: 429,
  ANSWER_CANCELLED: 422,
  ANSWER_BROKEN: 500,
  ANSWER_INTERRUPTED: 503,
  SERVE_MODEL_UNKNOWN: 404,
  SERVE_QUEUE_FULL: 503,
  SERVE_QUEUE_TIMEOUT: 503,
  SERVE_MODELS_BUSY: 503,
  SERVE_MODEL_IN_USE: 503,
  SERVE_MODEL_NOT_READY: 503,
  SERVE_CONTEXT_EXCEEDED: 400,
  SERVE_PROMPT_EMPTY: 400,
  SERVE_BEGUN_IN_THOUGHT: 503,
  SERVE_TOKEN_UNKNOWN: 400,
  SERVE_SCHEMA_UNSUPPORTED: 400,
  SERVE_TOOLS_INVALID: 400,
  RESUME_INVALID: 400,
  RESUME_MISMATCH: 422,
  SERVE_QUARANTINED: 422,
  SERVE_STALLED: 504,
  REPLICA_REFUSED: 503,
  REPLICA_LOST: 503,
  SERVE_ROUTE_NONE: 503,
  SERVE_TIMEOUT: 504,
  SERVE_STOPPING: 503,
  UPSTREAM_REFUSED: 400,
  UPSTREAM_UNSUPPORTED: 400,
  UPSTREAM_URL_INVALID: 400,
  UPSTREAM_EXISTS: 400,
  UPSTREAMS_FULL: 400,
  UPSTREAM_UNKNOWN: 404,
  UPSTREAM_UNREACHABLE: 503,
  UPSTREAM_REDIRECTED: 503,
  UPSTREAM_KEY_REFUSED: 503,
  UPSTREAM_CERTIFICATE: 503,
  UPSTREAM_MODEL_UNKNOWN: 503,
  UPSTREAM_BUSY: 503,
  UPSTREAM_FAILED: 503,
  UPSTREAM_BROKEN: 503,
  UPSTREAM_DOWN: 503,
  UPSTREAM_CUT: 503,
  UPSTREAM_STALLED: 504,
  ENGINE_LIBRARY_MISSING: 503,
  ENGINE_VERSION_MISMATCH: 503,
  ENGINE_DEVICE_UNKNOWN: 503,
  ENGINE_LOAD_FAILED: 422,
  ENGINE_MODEL_UNSUPPORTED: 422,
  ENGINE_SELF_TEST_FAILED: 422,
  ENGINE_MEMORY: 503,
  ENGINE_CONTEXT_REFUSED: 503,
  ENGINE_MODEL_NOT_LOADED: 503,
  ENGINE_NOT_CERTIFIED: 422,
  ENGINE_CONTEXT_EXCEEDED: 400,
  ENGINE_TOKEN_INVALID: 400,
  ENGINE_SESSION_BUSY: 503,
  ENGINE_SLOTS_FULL: 503,
  ENGINE_GRAMMAR_INVALID: 400,
  ENGINE_GRAMMAR_TOO_SLOW: 400,
  ENGINE_DECODE_FAILED: 503,
  ENGINE_WORKER_DIED: 503,
  ENGINE_CRASH_LOOP: 503,
  ENGINE_MODEL_FATAL: 422,
  ENGINE_TIMEOUT: 504,
  ENGINE_CLOSED: 503,
  TEMPLATE_TIMEOUT: 422,
  TEMPLATE_MEMORY: 422,
  TEMPLATE_OUTPUT_LIMIT: 400,
  // It may be the messages that do not suit the template.
  TEMPLATE_INVALID: 400,
  TEMPLATE_REFUSED: 400,
  TEMPLATE_BUSY: 503,
};

/** Families of codes that the folders below name themselves. */
const FAMILIES: readonly (readonly [prefix: string, status: HttpStatus])[] = [
  ['SCHEMA_', 400],
  // Nothing could be drawn: the grammar and the biases exclude every token.
  ['SAMPLER_', 422],
  ['GGUF_', 422],
  ['LORA_', 422],
  ['MODEL_', 422],
  ['ENGINE_', 503],
  ['DATA_', 422],
  ['TRAIN_RUN_UNKNOWN', 404],
  ['TRAIN_RECIPE_UNKNOWN', 404],
  ['TRAIN_DISK_FULL', 503],
  ['TRAIN_FOLDER_UNAVAILABLE', 503],
  ['TRAIN_', 422],
  // Somebody else has the card, or no card answered.
  ['RIG_', 503],
];

export function statusOf(error: unknown): HttpStatus {
  if (!isFilonError(error)) return 500;
  const exact = Object.hasOwn(STATUS, error.code) ? STATUS[error.code as Code] : undefined;
  return exact ?? FAMILIES.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 500;
}

/** What `Retry-After` should say, if the error knows. */
export function retryAfterSeconds(error: unknown): number | null {
  if (!isFilonError(error) || !('retryAfterSeconds' in error.details)) return null;
  const { retryAfterSeconds: seconds } = error.details;
  return typeof seconds === 'number' ? seconds : null;
}
