/** Every bound of passing requests on that is not a setting. */

export const UPSTREAMS_MAX = 64;
/** Requests that one gets at the same time, where its operator did not say. */
export const SESSIONS_DEFAULT = 32;
export const SESSIONS_MAX = 1_024;

/** Requests that upstreams of other nodes get of this one together; each node has its own limits beside it. */
export const PEER_SESSIONS_MAX = 64;

/** Times that a part of an answer is asked for. */
export const TRIES_MAX = 4;
/** After a failure an upstream is left alone for so long; doubles from one failure to the next. */
export const BACK_OFF_FIRST_MS = 1_000;
export const BACK_OFF_MAX_MS = 60_000;
/** A request waits for an upstream to come back for so long, and not at all where it will take longer. */
export const RECOVERY_WAIT_MS = 10_000;
/** For its list of models, by which it is seen that it is back. */
export const CHECK_TIMEOUT_MS = 10_000;

/** The one question at the beginning. */
export const PROBE_TIMEOUT_MS = 120_000;
export const PROBE_TOKENS = 16;
/** Models named where the one that was asked for is not there. */
export const MODELS_NAMED_MAX = 20;

/** Of the newest time to a first token in the mean. */
export const FIRST_TOKEN_WEIGHT = 0.2;
/** Fewer say more of the overhead than of the rate. */
export const PREFILL_TOKENS_MIN = 32;
export const DECODE_TOKENS_MIN = 8;
/** An endpoint may divide what one token says, but one that sends more pieces than so many a token knows no end. */
export const PIECES_PER_TOKEN_MAX = 4;
export const PIECES_FREE = 16;
/** Of the time of an answer that its reader may take before it says nothing of the endpoint's speed. */
export const HELD_SHARE_MAX = 0.1;
/** How often what was measured is written. */
export const WRITE_EVERY_MS = 60_000;
/** One call for vectors. */
export const VECTORS_TIMEOUT_MS = 120_000;
