/** What serving itself fails with. Errors of the engine pass through as they are. */
export type ServeErrorDetails =
  /** Neither the name of a stored model nor the beginning of its sha256. */
  | { code: 'SERVE_MODEL_UNKNOWN'; model: string }
  /** `position`: the place in the queue that the request would have had. */
  | { code: 'SERVE_QUEUE_FULL'; position: number; retryAfterSeconds: number }
  | { code: 'SERVE_QUEUE_TIMEOUT'; waitedMs: number; retryAfterSeconds: number }
  /** Another model must leave memory first, and all of them are answering. */
  | { code: 'SERVE_MODELS_BUSY'; model: string; loaded: string[]; retryAfterSeconds: number }
  /** An operator asked for a model to leave memory while it answers. */
  | { code: 'SERVE_MODEL_IN_USE'; model: string }
  /** `promptTokens` is a lower bound where the text was too long even to be tokenized. */
  | { code: 'SERVE_CONTEXT_EXCEEDED'; promptTokens: number; contextTokens: number }
  | { code: 'SERVE_PROMPT_EMPTY' }
  /** The beginning of an answer, of a model whose answers begin with a thought. */
  | { code: 'SERVE_BEGUN_IN_THOUGHT' }
  | { code: 'SERVE_TOKEN_UNKNOWN'; token: number; vocabTokens: number; field: 'prompt' | 'logitBias' }
  /** `reason`: the code of packages/core/src/schema/errors.ts. */
  | { code: 'SERVE_SCHEMA_UNSUPPORTED'; reason: string }
  /** The tools of a chat, or the choice among them. `reason`: a code of packages/core/src/dialect/errors.ts, or `format`. */
  | { code: 'SERVE_TOOLS_INVALID'; reason: string }
  /** Workers died or fell silent with this request in them, too often to try again. */
  | { code: 'SERVE_QUARANTINED'; deaths: number }
  /** The worker lives but has not said anything of this session for so long, not even that it waits. */
  | { code: 'SERVE_STALLED'; quietMs: number }
  /** A peer asked for a model that is not in memory here. */
  | { code: 'SERVE_MODEL_NOT_READY'; model: string }
  /** No place may or can compute it. `refused`: why not, and how many places that is true of. */
  | { code: 'SERVE_ROUTE_NONE'; model: string; refused: Readonly<Record<string, number>> }
  | { code: 'SERVE_TIMEOUT'; what: string; timeoutMs: number }
  | { code: 'SERVE_STOPPING' };
