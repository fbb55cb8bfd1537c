/**
 * How the next token is chosen from logits. With the token history it decides the answer completely, so that any
 * machine draws the same token from the same logits; a session is resumed elsewhere from just these values.
 */
export const LOGIT_BIAS_MAX = 1024;
export const TOP_LOGPROBS_MAX = 20;

export interface Sampling {
  /** 0 is argmax; otherwise logits are divided by it. Range 0 to 5. */
  temperature: number;
  /** Keep the k likeliest tokens; 0 keeps all. */
  topK: number;
  /** Keep the smallest set of likeliest tokens whose probability reaches this; 1 keeps all. Range (0, 1]. */
  topP: number;
  /** Drop tokens less likely than this share of the likeliest one; 0 drops none. Range 0 to 1. */
  minP: number;
  /** Divides (positive logits) or multiplies (negative ones) tokens seen in the window; 1 is off. */
  repetitionPenalty: number;
  /** How many of the last tokens, prompt included, the repetition penalty looks at. */
  repetitionWindowTokens: number;
  /** Subtracted once from every token already generated. Range -2 to 2. */
  presencePenalty: number;
  /** Subtracted once for each time a token was generated. Range -2 to 2. */
  frequencyPenalty: number;
  /** Added to the logits of single tokens; -100 forbids a token. At most {@link LOGIT_BIAS_MAX}. */
  logitBias: (readonly [token: number, bias: number])[];
  /** Unsigned 64 bits: the noise of a draw is a function of (seed, position, token). */
  seed: bigint;
}

export const DEFAULT_SAMPLING: Sampling = {
  temperature: 0.8,
  topK: 64,
  topP: 1,
  minP: 0.05,
  repetitionPenalty: 1,
  repetitionWindowTokens: 64,
  presencePenalty: 0,
  frequencyPenalty: 0,
  logitBias: [],
  seed: 0n,
};
