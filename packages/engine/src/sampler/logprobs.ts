/** Log-probabilities of the model itself: softmax of the raw logits at temperature 1, before any filter. */
import { exp, ln } from './float-math.ts';
import { type Candidates, selectTop } from './top-candidates.ts';

export interface TokenChance {
  token: number;
  /** Natural logarithm of the probability, at most 0; -Infinity for a token that the model excludes. */
  logprob: number;
}

export interface DrawChances extends TokenChance {
  /** The likeliest tokens, likeliest first. */
  top: TokenChance[];
}

/** ln of the sum of e^logit over the vocabulary. */
function logSumExp(logits: Float32Array, max: number): number {
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += exp((logits[token] as number) - max);
  return max + ln(sum);
}

export interface ChanceQuestion {
  logits: Float32Array;
  token: number;
  /** How many of the likeliest tokens to report, 0 to {@link Candidates.capacity}. */
  topCount: number;
}

/** Chances of `token` and of the likeliest tokens. `scratch` is overwritten. */
export function chancesOf({ logits, token, topCount }: ChanceQuestion, scratch: Candidates): DrawChances {
  selectTop(scratch, logits, Math.max(1, topCount));
  const max = scratch.count === 0 ? 0 : (scratch.values[0] as number);
  const total = scratch.count === 0 ? 0 : logSumExp(logits, max);
  const top: TokenChance[] = [];
  for (let i = 0; i < Math.min(topCount, scratch.count); i++) {
    top.push({ token: scratch.tokens[i] as number, logprob: (scratch.values[i] as number) - total });
  }
  return { token, logprob: (logits[token] as number) - total, top };
}
