/** Every bound of serving that is not a setting. */

/** A request present at this many deaths of a worker is given up. */
export const DEATHS_MAX = 2;
/** A prompt seen at this many deaths, over all its requests, is refused at once. */
export const STRIKES_MAX = 3;
/** For so long after its last death. */
export const STRIKES_KEPT_MS = 600_000;
/** Prompts whose deaths are remembered; the oldest go first. */
export const SUSPECTS_MAX = 1_000;

/** Times that a session is opened again for reasons other than a death with it inside. */
export const RETRIES_MAX = 6;
/** Doubles from one try to the next. */
export const RETRY_FIRST_MS = 25;

/**
 * A session of which nothing is heard for so long has stalled: of one that waits the worker says so every second, as long
 * as it computes. Longer than its supervisor waits for a worker that says nothing at all, which may load another model.
 */
export const STALL_MS = 180_000;
/** Before the first event the worker may have to start and to load the model again, and must read the prompt. */
export const RELOAD_MS = 600_000;
export const STALL_PER_PROMPT_TOKEN_MS = 50;
/** How often stalls are looked for. */
export const STALL_CHECK_MS = 5_000;
/** Rendering the template and tokenizing; a worker that died is started for it. */
export const TOKENIZE_TIMEOUT_MS: number = RELOAD_MS + 30_000;
/** One batch of texts; likewise. */
export const EMBED_TIMEOUT_MS: number = RELOAD_MS + 120_000;

/** No vocabulary in use has a token of more characters: longer texts are refused before they are tokenized. */
export const CHARACTERS_PER_TOKEN_MAX = 256;

/** What a request is taken to last before any was measured. */
export const SERVICE_GUESS_MS = 5_000;
/** Weight of the newest request in the mean. */
export const SERVICE_MEAN_WEIGHT = 0.2;
export const RETRY_AFTER_MAX_SECONDS = 600;
/** A day: nobody waits longer, and messages to peers say no more. */
export const ESTIMATE_MAX_MS = 86_400_000;

/** Of the queue, what requests of peers may fill. */
export const GUEST_QUEUE_SHARE = 0.5;

/** Requests for one model that ask for a place elsewhere at the same time, those aside that sit there. */
export const ASKING_MAX = 16;
/** After all places were full, one that waits asks again so often, as they told when it might be worth it. */
export const FULL_RETRY_MIN_MS = 1_000;
export const FULL_RETRY_MAX_MS = 10_000;

/** Times that one session goes on elsewhere because a node was lost with it inside; deaths of workers count apart. */
export const LOSSES_MAX = 4;
/** As RETRIES_MAX, for an answer that has begun: a place may come back. 25 s in all. */
export const BEGUN_RETRIES_MAX = 10;
/** So long others are asked how busy they are where this node could begin at once. */
export const ASK_OTHERS_MS = 100;
/** An answer of unknown length is taken to have so many tokens when places are compared. */
export const ANSWER_TOKENS_GUESS = 256;
/** Characters of a prompt that make a token, before it is tokenized. */
export const CHARACTERS_PER_TOKEN_GUESS = 4;

/** First tokens are compared with what was expected of them: so many are remembered. */
export const FIRST_TOKENS_KEPT = 64;
/** Before so many were seen, this many times the expectation is taken for their 95th percentile. */
export const FIRST_TOKENS_ENOUGH = 8;
export const FIRST_TOKEN_FACTOR_GUESS = 4;
/** A second seat is never asked earlier: a moment's delay is no reason. */
export const HEDGE_MIN_MS = 300;
/** Of all requests, how many may have a second seat: hedging must not double the load of a busy swarm. */
export const HEDGE_SHARE_MAX = 0.1;

/** Conversations of which it is remembered where they were answered; the oldest go first. */
export const STAYS_MAX = 1_000;

/** What a model takes to load before that was measured. */
export const LOAD_BYTES_PER_SECOND_GUESS = 200_000_000;
/** Texts that one call of the engine embeds. */
export const EMBED_BATCH_TEXTS = 32;

/** After the limit of a graceful stop: how long cancelled requests may take to let go. */
export const CANCEL_GRACE_MS = 2_000;

/** Models in memory with the same weights: a base and its LoRAs, each of which has a context of its own. */
export const WEIGHTS_SHARED_MAX = 8;
