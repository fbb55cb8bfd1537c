/**
 * Draws tokens from logits by the rule of docs/protocol/sampling.md, which anybody can repeat:
 * token = argmax over what the filters leave of (logit / T + Gumbel(hash(seed, position, token))).
 * It knows nothing about tokenization, and keeps nothing from one draw to the next but scratch memory.
 */
import { FilonError, invariant } from '@filon/core/errors';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { adjust, needsAdjustment } from './adjust.ts';
import type { SamplerErrorDetails } from './errors.ts';
import { exp, ln } from './float-math.ts';
import type { GrammarGate } from './grammar-gate.ts';
import { chancesOf, type DrawChances } from './logprobs.ts';
import { GUMBEL_BOUND, gumbel, noiseBits, noiseStream } from './noise.ts';
import type { SamplingState } from './sampling-state.ts';
import { type Candidates, createCandidates, selectBest, selectTop } from './top-candidates.ts';

/** A truncated draw looks at this many tokens at most. */
export const CANDIDATES_MAX = 64;
/** Below this temperature the noise cannot matter in practice: plain argmax, and no overflow in logit / T. */
export const TEMPERATURE_MIN = 0.001;

export interface Sampler {
  /**
   * The token at `state.position`. `logits` (length: vocabulary) are read only. Does not push the token into `state`.
   * With a gate the token is one that the grammar accepts. Errors: SAMPLER_NO_TOKEN.
   */
  draw(logits: Float32Array, state: SamplingState, gate?: GrammarGate): number;
  /** Chances under the raw distribution of `token` and of the `topCount` (0 to 20) likeliest tokens. */
  chances(logits: Float32Array, token: number, topCount: number): DrawChances;
}

/** One sampler serves all sessions of a model, one draw at a time. `vocabTokens`: length of every logits vector. */
export function createSampler(vocabTokens: number): Sampler {
  const adjusted = new Float32Array(vocabTokens);
  const candidates = createCandidates(CANDIDATES_MAX);

  const draw = (logits: Float32Array, state: SamplingState, gate?: GrammarGate): number => {
    invariant(logits.length === vocabTokens, 'logits are as long as the vocabulary');
    const copying = needsAdjustment(state);
    if (copying) {
      adjusted.set(logits);
      adjust(adjusted, state);
    }
    const token = pick(copying ? adjusted : logits, state, candidates);
    if (token < 0) throw noToken(state.position, 'logits');
    if (gate === undefined || gate.accepts(token)) return token;
    if (!copying) adjusted.set(logits);
    gate.mask(adjusted);
    const second = pick(adjusted, state, candidates);
    if (second < 0) throw noToken(state.position, 'grammar');
    return second;
  };

  const chances = (logits: Float32Array, token: number, topCount: number): DrawChances => {
    invariant(topCount >= 0 && topCount <= TOP_LOGPROBS_MAX, 'at most 20 likeliest tokens');
    return chancesOf({ logits, token, topCount }, candidates);
  };
  return { draw, chances };
}

function noToken(position: number, reason: 'logits' | 'grammar'): FilonError<SamplerErrorDetails> {
  const message =
    reason === 'logits'
      ? `The model gave no usable logits for position ${position}; its file may be damaged or its settings wrong.`
      : `The grammar accepts no token at position ${position}; relax the schema.`;
  return new FilonError({ code: 'SAMPLER_NO_TOKEN', position, reason }, message);
}

/** The draw over ready logits: -1 when there is nothing to draw. */
function pick(logits: Float32Array, state: SamplingState, candidates: Candidates): number {
  const { temperature, topK, topP, minP, seed } = state.sampling;
  if (temperature < TEMPERATURE_MIN || topK === 1) {
    const best = selectBest(logits);
    return logits[best] === Number.POSITIVE_INFINITY ? -1 : best;
  }
  const stream = noiseStream(seed, state.position);
  const keepsAll = topK === 0 || topK >= logits.length;
  if (keepsAll && topP === 1 && minP === 0) return drawFromAll(logits, temperature, stream);
  selectTop(candidates, logits, keepsAll ? CANDIDATES_MAX : Math.min(topK, CANDIDATES_MAX));
  if (candidates.count === 0 || candidates.values[0] === Number.POSITIVE_INFINITY) return -1;
  if (topP < 1) keepNucleus(candidates, { topP, temperature, whole: keepsAll ? logits : null });
  if (minP > 0) keepLikely(candidates, temperature * ln(minP));
  return drawFromTop(candidates, temperature, stream);
}

interface Nucleus {
  topP: number;
  temperature: number;
  /** The vocabulary whose whole mass counts, or null when top-k came first and only its survivors count. */
  whole: Float32Array | null;
}

/** Keeps the likeliest candidates until their mass reaches topP, the one that reaches it included. */
function keepNucleus(c: Candidates, { topP, temperature, whole }: Nucleus): void {
  const max = c.values[0] as number;
  const all = whole ?? c.values;
  const length = whole === null ? c.count : whole.length;
  let mass = 0;
  for (let i = 0; i < length; i++) mass += exp(((all[i] as number) - max) / temperature);
  const wanted = topP * mass;
  let kept = 0;
  let sum = 0;
  while (kept < c.count && (kept === 0 || sum < wanted)) {
    sum += exp(((c.values[kept] as number) - max) / temperature);
    kept += 1;
  }
  c.count = kept;
}

/** Drops candidates further below the best than `offset` (at most 0), which is T ln(minP). */
function keepLikely(c: Candidates, offset: number): void {
  const floor = (c.values[0] as number) + offset;
  while (c.count > 1 && (c.values[c.count - 1] as number) < floor) c.count -= 1;
}

function drawFromTop(c: Candidates, temperature: number, stream: number): number {
  let drawn = -1;
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < c.count; i++) {
    const token = c.tokens[i] as number;
    const value = (c.values[i] as number) / temperature + gumbel(noiseBits(stream, token));
    if (value > best || (value === best && token < drawn)) {
      best = value;
      drawn = token;
    }
  }
  return drawn;
}

/** The same argmax over the whole vocabulary; a token is hashed only if the largest noise could make it win. */
function drawFromAll(logits: Float32Array, temperature: number, stream: number): number {
  let drawn = selectBest(logits);
  if (drawn < 0 || logits[drawn] === Number.POSITIVE_INFINITY) return -1;
  let best = (logits[drawn] as number) / temperature + gumbel(noiseBits(stream, drawn));
  const noiseMax = GUMBEL_BOUND[32] as number;
  for (let token = 0; token < logits.length; token++) {
    const scaled = (logits[token] as number) / temperature;
    if (!(scaled + noiseMax >= best)) continue;
    const bits = noiseBits(stream, token);
    if (scaled + (GUMBEL_BOUND[Math.clz32(~bits)] as number) < best) continue;
    const value = scaled + gumbel(bits);
    if (value > best || (value === best && token < drawn)) {
      best = value;
      drawn = token;
    }
  }
  return drawn;
}
