/** What the gateway itself refuses or fails with. */
export type GatewayErrorDetails =
  /** `field`: as a client would write it, e.g. `messages[2].content`; null for the body as a whole. */
  | { code: 'GATEWAY_REQUEST_INVALID'; field: string | null; reason: string }
  /** Valid, and not something that this version can do. */
  | { code: 'GATEWAY_FEATURE_UNSUPPORTED'; field: string; reason: string }
  /** There is no such response to go on from, or it is somebody else's. */
  | { code: 'GATEWAY_RESPONSE_UNKNOWN'; field: 'previous_response_id' }
  | { code: 'GATEWAY_BODY_TOO_LARGE'; bytesMax: number }
  | { code: 'GATEWAY_BODY_SLOW'; timeoutMs: number }
  | { code: 'GATEWAY_CONTENT_TYPE'; found: string | null }
  /** The body is compressed; it is not taken apart, because a small one may become a large one. */
  | { code: 'GATEWAY_CONTENT_ENCODING'; found: string }
  /** `rule`: the one of guard.ts that the request broke. */
  | { code: 'GATEWAY_FORBIDDEN'; rule: 'host' | 'origin' | 'site' | 'forwarded' | 'same-origin' }
  /** What changes the node is not done over an API of answers; `command`: how its operator does it. */
  | { code: 'GATEWAY_OPERATOR_ONLY'; path: string; command: string }
  | { code: 'GATEWAY_ROUTE_UNKNOWN'; method: string; path: string }
  | { code: 'GATEWAY_METHOD_WRONG'; method: string; allowed: string }
  | { code: 'GATEWAY_REQUESTS_FULL'; requestsMax: number; retryAfterSeconds: number }
  /** The bodies of the requests in work fill the memory set aside for them. */
  | { code: 'GATEWAY_BODIES_FULL'; bytesMax: number; retryAfterSeconds: number }
  | { code: 'GATEWAY_CLIENT_GONE' }
  /** A client took nothing of its answer for this long. */
  | { code: 'GATEWAY_CLIENT_STALLED'; timeoutMs: number }
  /** The pages' own API: too much long work at once, none of this name, and why some ended. */
  | { code: 'PANEL_JOBS_FULL'; runningMax: number }
  | { code: 'PANEL_JOB_UNKNOWN'; job: string }
  | { code: 'PANEL_JOB_CANCELLED' }
  | { code: 'GATEWAY_PORT_TAKEN'; host: string; port: number }
  /** Other machines could reach this address, and nobody there could say who they are. */
  | { code: 'GATEWAY_NOT_LOOPBACK'; host: string }
  /** The certificate or its key cannot be read, or do not belong together. */
  | { code: 'GATEWAY_TLS_FILES'; reason: string }
  | { code: 'GATEWAY_LISTEN_FAILED'; host: string; port: number; reason: string };
