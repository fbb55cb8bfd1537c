/** Every bound of the gateway that is not a setting, and the settings. */

export interface GatewayLimits {
  /** Of one request. */
  bodyBytesMax: number;
  /** Of all requests in work together. */
  bodiesBytesMax: number;
  /** API requests in work or waiting. */
  requestsMax: number;
}

export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  bodyBytesMax: 8_388_608,
  bodiesBytesMax: 67_108_864,
  requestsMax: 256,
};

export const HEADER_BYTES_MAX = 16_384;
export const CONNECTIONS_MAX = 1_024;
export const HEADERS_TIMEOUT_MS = 15_000;
export const BODY_TIMEOUT_MS = 30_000;
/** How late a connection may be found to have passed its time. */
export const LATE_CHECK_MS = 1_000;
/** How long a connection without a request stays open. */
export const IDLE_CONNECTION_MS = 65_000;
/** What a client is told to wait when requests or bodies are full. */
export const FULL_RETRY_SECONDS = 1;

export const MESSAGES_MAX = 4_096;
export const PARTS_MAX = 1_024;
export const CHOICES_MAX = 16;
export const STOPS_MAX = 16;
export const STOP_CHARACTERS_MAX = 256;
export const MODEL_CHARACTERS_MAX = 1_024;
export const PROMPTS_MAX = 128;
export const INPUTS_MAX = 2_048;
export const MAX_TOKENS_MAX = 1_048_576;
/** Nesting of a JSON Schema. */
export const SCHEMA_DEPTH_MAX = 64;

/** A streamed answer begins after this long even if there is nothing to say yet, so that nobody in between gives up. */
export const BEGIN_WITHIN_MS = 5_000;
/** A comment is sent into a stream that was silent for so long. */
export const KEEP_ALIVE_MS = 10_000;
/** A client that takes nothing for so long loses its answer. */
export const CLIENT_STALL_MS = 60_000;
/** Parts of a streamed answer that wait for the socket. */
export const PARTS_AHEAD_MAX = 16;

export const TIME_TO_FIRST_TOKEN_BUCKETS_SECONDS: readonly number[] = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
