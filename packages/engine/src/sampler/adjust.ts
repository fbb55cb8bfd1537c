/** Logit bias and penalties: few tokens change, so they are written into a copy of the logits. */
import type { SamplingState } from './sampling-state.ts';

/** The least bias that a request can name forbids the token. */
export const FORBIDDING_BIAS = -100;
/**
 * What a forbidden token loses. Finite, so that a forbidden token is still drawn where a grammar leaves nothing else,
 * and larger than any difference between logits.
 */
export const FORBIDDEN_LOSS = 10_000;

/** Whether {@link adjust} would change anything. */
export function needsAdjustment(state: SamplingState): boolean {
  return state.sampling.logitBias.length > 0 || state.windowCounts.size > 0 || state.generatedCounts.size > 0;
}

/** Applies bias, then repetition, then presence and frequency, each rounded to f32, in place. */
export function adjust(logits: Float32Array, state: SamplingState): void {
  const { logitBias, repetitionPenalty, presencePenalty, frequencyPenalty } = state.sampling;
  for (const [token, bias] of logitBias) {
    if (token >= logits.length) continue;
    const change = bias <= FORBIDDING_BIAS ? -FORBIDDEN_LOSS : bias;
    logits[token] = (logits[token] as number) + change;
  }
  for (const token of state.windowCounts.keys()) {
    const logit = logits[token] as number;
    logits[token] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
  }
  for (const [token, count] of state.generatedCounts) {
    logits[token] = (logits[token] as number) - (count * frequencyPenalty + presencePenalty);
  }
}
