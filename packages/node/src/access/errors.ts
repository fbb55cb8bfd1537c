/** What a caller's rights can fail with. */
export type AccessErrorDetails =
  /** Not a key of this node, or one that has expired or was removed: which of these is not said. */
  | { code: 'ACCESS_KEY_WRONG' }
  /** No key and no session, where one is needed. */
  | { code: 'ACCESS_KEY_NEEDED' }
  /** The session has expired or was ended. */
  | { code: 'ACCESS_SESSION_OVER' }
  /** Only the operator's own browser may. */
  | { code: 'ACCESS_CONTROL_NEEDED' }
  /** Too many wrong keys or codes came from this address. */
  | { code: 'ACCESS_ATTEMPTS'; retryAfterSeconds: number }
  /** More requests in a minute than the key may make. */
  | { code: 'ACCESS_RATE'; requestsPerMinute: number; retryAfterSeconds: number }
  /** The key's budget is used up. */
  | { code: 'ACCESS_BUDGET'; budget: 'tokens' | 'money' }
  /** What is left of the budget is set aside for the key's requests in work. */
  | { code: 'ACCESS_BUDGET_HELD'; retryAfterSeconds: number };
