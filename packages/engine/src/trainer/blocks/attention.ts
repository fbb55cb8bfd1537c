/**
 * Attention with grouped queries (Ainslie et al. 2023) and rotary positions (Su et al. 2021, section 3.2). A mask says who
 * may see whom: earlier positions of the same document.
 */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';
import type { LlamaShape } from '../shape.ts';
import { type Linear, type LinearSaved, linearBackward, linearForward } from './linear.ts';

export interface Attention {
  attn_q: Linear;
  attn_k: Linear;
  attn_v: Linear;
  attn_output: Linear;
}

/** What is the same in all layers. */
export interface AttentionPlace {
  shape: LlamaShape;
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** `[sequences * length]` i32 */
  positions: Tensor;
  /** `[length, length, 1, sequences]` f32: 0 where the second may see the first, -infinity where not. */
  mask: Tensor;
}

export interface AttentionSaved {
  /** `[headWidth, length, heads, sequences]`, turned by position. */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  /** `[length, length, heads, sequences]`: what each position takes from each earlier one. */
  weights: Tensor;
  qSaved: LinearSaved;
  kSaved: LinearSaved;
  vSaved: LinearSaved;
  outSaved: LinearSaved;
}

const ROPE_MODE = { adjacent: 0, halves: 2 } as const;

/** `x` `[width, tokens]` -> the same extents. */
export function attentionForward(
  b: GraphBuilder,
  w: Attention,
  place: AttentionPlace,
  input: Tensor,
): { output: Tensor; saved: AttentionSaved } {
  const { heads, kvHeads, headWidth } = place.shape;
  const query = linearForward(b, w.attn_q, input);
  const key = linearForward(b, w.attn_k, input);
  const value = linearForward(b, w.attn_v, input);
  const q = byHead(b, place, rotate(b, place, 'rope_ext', query.output, heads), heads);
  const k = byHead(b, place, rotate(b, place, 'rope_ext', key.output, kvHeads), kvHeads);
  const v = byHead(b, place, value.output, kvHeads);
  const scores = b.product(k, q);
  const weights = b.apply('soft_max_ext', scores, place.mask, 1 / Math.sqrt(headWidth), 0);
  const mixed = b.sumOverSecond(v, b.swap01(weights), 'attention');
  const out = linearForward(b, w.attn_output, byToken(b, mixed));
  return {
    output: out.output,
    saved: {
      q,
      k,
      v,
      weights,
      qSaved: query.saved,
      kSaved: key.saved,
      vSaved: value.saved,
      outSaved: out.saved,
    },
  };
}

export function attentionBackward(
  b: GraphBuilder,
  w: Attention,
  place: AttentionPlace,
  saved: AttentionSaved,
  gradient: Tensor,
): Tensor {
  const { heads, kvHeads, headWidth } = place.shape;
  const { q, k, v, weights } = saved;
  const dMixed = byHead(b, place, linearBackward(b, w.attn_output, saved.outSaved, gradient), heads);
  const dValue = groupSum(b, place, b.sumOverSecond(dMixed, weights, 'attention'));
  const dScores = b.apply('soft_max_ext_back', b.product(v, dMixed), weights, 1 / Math.sqrt(headWidth), 0);
  const dQuery = b.sumOverSecond(k, b.swap01(dScores), 'attention');
  const dKey = groupSum(b, place, b.sumOverSecond(q, dScores, 'attention'));
  const backThrough = (linear: Linear, its: LinearSaved, d: Tensor) => linearBackward(b, linear, its, d);
  const turnedBack = (d: Tensor, count: number) => rotate(b, place, 'rope_ext_back', byToken(b, d), count);
  const fromQuery = backThrough(w.attn_q, saved.qSaved, flat(b, turnedBack(dQuery, heads)));
  const fromKey = backThrough(w.attn_k, saved.kSaved, flat(b, turnedBack(dKey, kvHeads)));
  const fromValue = backThrough(w.attn_v, saved.vSaved, byToken(b, dValue));
  return b.add(b.add(fromQuery, fromKey), fromValue);
}

/** `[heads * headWidth, tokens]` -> `[headWidth, heads, tokens]`, each head turned by its token's position. */
function rotate(
  b: GraphBuilder,
  { shape, positions, sequences, length }: AttentionPlace,
  operation: 'rope_ext' | 'rope_ext_back',
  a: Tensor,
  heads: number,
): Tensor {
  const { headWidth, ropeLayout, ropeBase, context } = shape;
  const heads3 = b.reshape(a, headWidth, heads, sequences * length);
  const fixed = [1, 0, 1, 32, 1] as const; // scale, extrapolation, attention, beta fast and slow: no stretching
  return b.apply(
    operation,
    heads3,
    positions,
    null,
    headWidth,
    ROPE_MODE[ropeLayout],
    context,
    ropeBase,
    ...fixed,
  );
}

/** `[headWidth * heads, tokens]` -> `[headWidth, length, heads, sequences]`. */
function byHead(
  b: GraphBuilder,
  { shape, sequences, length }: AttentionPlace,
  a: Tensor,
  heads: number,
): Tensor {
  return b.contiguous(b.swap12(b.reshape(a, shape.headWidth, heads, length, sequences)));
}

/** `[headWidth, length, heads, sequences]` -> `[headWidth * heads, tokens]`. */
function byToken(b: GraphBuilder, a: Tensor): Tensor {
  const [headWidth, length, heads, sequences] = a.extents;
  return b.reshape(b.contiguous(b.swap12(a)), headWidth * heads, length * sequences);
}

function flat(b: GraphBuilder, a: Tensor): Tensor {
  const [headWidth, heads, tokens] = a.extents;
  return b.reshape(a, headWidth * heads, tokens);
}

/** Gradients of the heads that share a head of keys or values, added up. */
function groupSum(b: GraphBuilder, { shape: { heads, kvHeads } }: AttentionPlace, a: Tensor): Tensor {
  const group = heads / kvHeads;
  if (group === 1) return a;
  const [headWidth, length, , sequences] = a.extents;
  const [, , perHead] = a.strides;
  const member = (index: number): Tensor =>
    b.view(a, [headWidth * length, 1, kvHeads, sequences], index * perHead, [
      perHead,
      group * perHead,
      heads * perHead,
    ]);
  let sum = member(0);
  for (let index = 1; index < group; index += 1) sum = b.add(sum, member(index));
  return b.reshape(sum, headWidth, length, kvHeads, sequences);
}
