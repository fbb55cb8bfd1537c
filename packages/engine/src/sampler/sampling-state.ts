/**
 * What a draw knows besides the logits: the sampling values and counts of earlier tokens. It is a function of the
 * token list, so a session goes on anywhere from its tokens alone.
 */
import type { Sampling } from '@filon/core/serving/sampling';

export interface SamplingState {
  readonly sampling: Sampling;
  /** Tokens so far, prompt included: the position of the next token. */
  readonly position: number;
  /** How often each token occurs in the repetition window (prompt included). Empty while the penalty is off. */
  readonly windowCounts: ReadonlyMap<number, number>;
  /** How often each token was generated. Empty while presence and frequency penalties are off. */
  readonly generatedCounts: ReadonlyMap<number, number>;
  /** Takes note of a drawn token. */
  push(token: number): void;
}

/** `tokens`: the prompt, then what was generated; `promptTokens` of them are the prompt. */
export interface SamplingHistory {
  sampling: Sampling;
  tokens: ArrayLike<number>;
  promptTokens: number;
}

function add(counts: Map<number, number>, token: number, change: number): void {
  const count = (counts.get(token) ?? 0) + change;
  if (count === 0) counts.delete(token);
  else counts.set(token, count);
}

/** The state after `tokens`, at the price of one walk over them. */
export function openSamplingState({ sampling, tokens, promptTokens }: SamplingHistory): SamplingState {
  const windowTokens = sampling.repetitionPenalty === 1 ? 0 : sampling.repetitionWindowTokens;
  const counting = sampling.presencePenalty !== 0 || sampling.frequencyPenalty !== 0;
  const windowCounts = new Map<number, number>();
  const generatedCounts = new Map<number, number>();
  const ring = new Int32Array(windowTokens);
  let position = 0;

  const take = (token: number, generated: boolean): void => {
    if (windowTokens > 0) {
      const slot = position % windowTokens;
      if (position >= windowTokens) add(windowCounts, ring[slot] as number, -1);
      ring[slot] = token;
      add(windowCounts, token, 1);
    }
    if (counting && generated) add(generatedCounts, token, 1);
    position += 1;
  };
  for (let i = 0; i < tokens.length; i++) take(tokens[i] as number, i >= promptTokens);

  return {
    sampling,
    windowCounts,
    generatedCounts,
    get position() {
      return position;
    },
    push: (token) => take(token, true),
  };
}
