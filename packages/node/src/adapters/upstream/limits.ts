/** What an endpoint that is not ours may take of this node, and what is asked of it. */

export interface UpstreamLimits {
  /** For the name, the connection and its encryption together. */
  connectMs: number;
  /** From there to the end of the headers, and to the first piece of an answer: it may have a queue. */
  answerMs: number;
  /** Between two pieces of an answer. Comments and empty pieces are none. */
  quietMs: number;
  /** After the last piece of the answer: for its usage. */
  endMs: number;
  headerBytesMax: number;
  /** One event of a stream. */
  eventCharactersMax: number;
  /** A whole stream. */
  answerBytesMax: number;
  /** A whole body that is no stream. */
  bodyBytesMax: number;
}

export const UPSTREAM_LIMITS: UpstreamLimits = {
  connectMs: 5_000,
  answerMs: 300_000,
  quietMs: 120_000,
  endMs: 5_000,
  headerBytesMax: 16_384,
  eventCharactersMax: 1_048_576,
  answerBytesMax: 67_108_864,
  bodyBytesMax: 16_777_216,
};

/** What is read of the body of a refusal, and what of it is repeated. */
export const REFUSAL_BYTES_MAX = 65_536;
export const REFUSAL_CHARACTERS_MAX = 300;
export const RETRY_AFTER_SECONDS = 2;
export const RETRY_AFTER_SECONDS_MAX = 600;
export const MODELS_LISTED_MAX = 4_096;
export const MODEL_CHARACTERS_MAX = 1_024;
export const TOOL_CALLS_MAX = 128;
export const CALL_ID_CHARACTERS_MAX = 256;
export const CALLED_NAME_CHARACTERS_MAX = 512;
export const TOKENS_SAID_MAX = 1_000_000_000;
export const TOKEN_BYTES_MAX = 1_024;
/** Texts in one call for vectors. */
export const EMBED_BATCH_INPUTS = 32;
export const VECTOR_LENGTH_MAX = 65_536;
/** What completions of texts may have where nobody said: endpoints would take 16. */
export const TEXT_TOKENS_DEFAULT = 4_096;
/** Of a prompt whose tokens nobody here can count. */
export const BYTES_PER_TOKEN_LEAST = 2;
