/** What one message of `/filon/answer/1` or `/filon/completion/1` may hold. */

/** A grammar and a long context's tokens fit into one frame. */
export const ANSWER_FRAME_BYTES_MAX = 2_097_152;

export const SEAT_SESSIONS_MAX = 16;
/** Of a prompt, or of a session: no model in use remembers more. */
export const TOKENS_MAX = 262_144;
/** JSON text, in UTF-8. */
export const PROMPT_BYTES_MAX = 2_000_000;
export const PROMPT_MESSAGES_MAX = 4_096;
/** Brackets within one another in a prompt's JSON text: tools have JSON Schemas. */
export const PROMPT_DEPTH_MAX = 96;
export const STOPS_MAX = 16;
export const STOP_CHARS_MAX = 256;
/** Texts that one call embeds. */
export const TEXTS_MAX = 32;
export const VECTOR_LENGTH_MAX = 8_192;
/** Of a model; longer vectors than those are not sent. */
export const EMBEDDING_LENGTH_MAX = 65_536;
/** Signs of a session in one message. */
export const SIGNS_MAX = 256;
/** Text that one token lets out; what was held back may come with it. */
export const SIGN_CHARS_MAX = 65_536;
/** Independent answers to one request. */
export const CHOICES_MAX = 16;
/** Of one answer as text: pieces in one message, log-probabilities in one piece, calls of tools in one choice. */
export const CHUNKS_MAX = 256;
export const CHUNK_LOGPROBS_MAX = 64;
export const CALLS_MAX = 128;
/** Names and ids of tools, calls and people. */
export const ID_CHARS_MAX = 1_024;
export const NAME_CHARS_MAX = 128;
export const CODE_CHARS_MAX = 64;
export const WORDS_CHARS_MAX = 512;
export const SESSION_ID_MAX: number = 2 ** 31 - 1;
export const WAIT_SECONDS_MAX = 86_400;
export const SCOPE_BYTES = 16;
/** Of a secret, its commitment (sha256) and a nonce. */
export const SEED_BYTES = 32;
