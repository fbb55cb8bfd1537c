/** Every bound of answering for others and of being answered that is not a setting. */

/** A seat at which nothing else was said for so long says that it is there. */
export const BEAT_MS = 500;
/** A peer that takes nothing for so long loses its seat. */
export const SEND_STALL_MS = 20_000;
/** A seat at which nothing runs for so long is given up: it holds a slot. */
export const SEAT_IDLE_MS = 15_000;
/** Signs that wait to be sent of one seat, before its engine has to wait. */
export const OUTBOX_SIGNS_MAX = 512;
/** Calls (tokenize, embed) of one seat at the same time. */
export const SEAT_CALLS_MAX = 4;
/** Seats of one peer at the same time: each is a channel. */
export const SEATS_PER_PEER_MAX = 32;

/** Signs that wait to be read at this side of a seat, before the far one has to wait. */
export const INBOX_SIGNS_MAX = 1_024;
/** However regular a node was, a silence as short as this is none. */
export const QUIET_MIN_MS = 2_000;
/** However irregular. */
export const QUIET_MAX_MS = 15_000;
/** Until the first token of a session, beside what reading its prompt may take. */
export const STUCK_FIRST_MS = 120_000;
export const STUCK_PER_PROMPT_TOKEN_MS = 50;
/** From one token to the next, at least, and as a multiple of the measured time between two. */
export const STUCK_NEXT_MS = 60_000;
export const STUCK_STEPS = 100;
/** To a channel, or to a call that computes nothing. */
export const CALL_ANSWER_MS = 30_000;
export const OPEN_CHANNEL_MS = 5_000;
/** A batch of texts. */
export const EMBED_ANSWER_MS = 120_000;

/** A seat that was given back may take so long to say its last. */
export const CLOSE_MS = 2_000;
/** Bytes of a message that count as one call more. */
export const CALL_BYTES = 16_384;
/** Tokens that one message asks to embed. */
export const EMBED_TOKENS_MAX = 262_144;

/** Of a request that is answered by text: until its first piece, its queue and its prompt included; and between two. */
export const PIECE_FIRST_MS = 310_000;
export const PIECE_NEXT_MS = 130_000;
/** Characters that are taken for a token where nobody counts tokens. */
export const CHARACTERS_PER_TOKEN = 4;
/** Pieces of one choice whose length was left open. */
export const PIECES_MAX = 16_384;

/** An operator whose nodes asked for a place so lately is one of those that the places are shared by. */
export const ASKER_COUNTS_MS = 30_000;
export const ASKERS_MAX = 1_024;

/** Peers and operators whose use is remembered; the one that was heard of longest ago is forgotten. */
export const GUESTS_REMEMBERED_MAX = 4_096;
