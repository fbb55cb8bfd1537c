import type { PrivacyTier } from '@filon/core/serving/tier';

/** What a caller's rights, and changing them, can fail with. */
export type AccessErrorDetails =
  /** Not a key of this node, or one that has expired or was removed: which of these is not said. */
  | { code: 'ACCESS_KEY_WRONG' }
  /** No key and no session, where one is needed. */
  | { code: 'ACCESS_KEY_NEEDED' }
  /** A login link or a pairing code that is wrong, used or too old: which of these is not said. */
  | { code: 'ACCESS_CODE_WRONG' }
  /** Only the operator's own browser may. */
  | { code: 'ACCESS_CONTROL_NEEDED' }
  /** Too many wrong keys or codes came from this address. */
  | { code: 'ACCESS_ATTEMPTS'; retryAfterSeconds: number }
  /** More requests in a minute than the key may make. */
  | { code: 'ACCESS_RATE'; requestsPerMinute: number; retryAfterSeconds: number }
  /** The key's budget is used up, or has no room for this prompt. */
  | { code: 'ACCESS_BUDGET'; budget: 'tokens' | 'money' }
  /** What is left of the budget is set aside for the key's requests in work. */
  | { code: 'ACCESS_BUDGET_HELD'; retryAfterSeconds: number }
  /** The key may have less far machines compute than the request wants. */
  | { code: 'ACCESS_TIER'; tier: PrivacyTier; allowed: PrivacyTier }
  /** Asked by the operator. */
  | { code: 'ACCESS_KEY_EXISTS'; name: string }
  | { code: 'ACCESS_KEY_NAME_INVALID'; name: string }
  | { code: 'ACCESS_KEY_UNKNOWN'; name: string }
  | { code: 'ACCESS_KEYS_FULL'; keysMax: number }
  | { code: 'ACCESS_SESSION_UNKNOWN'; id: string }
  /** Not an amount of money. */
  | { code: 'ACCESS_AMOUNT_INVALID'; text: string };
