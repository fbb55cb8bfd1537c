/** Every bound of keys, sessions and codes that is not a setting. */

export const KEYS_MAX = 1_000;
export const KEY_NAME_CHARS_MAX = 64;
export const KEY_MODELS_MAX = 64;
export const KEY_REQUESTS_PER_MINUTE_MAX = 1_000_000;
export const KEY_DAYS_MAX = 3_650;

/** How long a login link may be opened, and how many wait to be. */
export const LOGIN_CODE_MS = 600_000;
export const LOGIN_CODES_MAX = 16;

export const PAIRING_CODE_MS = 300_000;
/** Wrong tries of one pairing code, from wherever they come. */
export const PAIRING_TRIES_MAX = 5;

export const SESSION_DAYS = 30;
export const SESSION_MS: number = SESSION_DAYS * 86_400_000;
/** The oldest ends for a new one. */
export const SESSIONS_MAX = 256;

/** Wrong keys and codes that one address may send before it is told to wait. */
export const ATTEMPTS_PER_MINUTE = 20;
/** Addresses that are remembered; the one that was quiet longest is forgotten. */
export const ATTEMPT_ADDRESSES_MAX = 4_096;

/** What a client is told to wait when only its own requests in work stand in the way. */
export const BUDGET_HELD_RETRY_SECONDS = 1;
