/**
 * The output matrix and the cross-entropy of its logits, a chunk of tokens at a time: all logits of a large vocabulary
 * would be the largest tensor of a training by far. A token's gradient is `softmax(logits) - onehot(target)` times its
 * weight, so masked tokens have weight 0. Built from operations that every backend has.
 */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';
import type { Linear } from './linear.ts';

/** Numbers in a chunk's logits: 64 MB in f32. */
const MAX_CHUNK_LOGITS = 16 * 1024 * 1024;
/** Added to each: a probability that f32 has no number for must not make the loss infinite. It changes no other. */
const MIN_PROBABILITY = 1e-35;

export interface Targets {
  /** i32 `[tokens]`: target + vocabulary * (index of the token in its chunk). */
  places: Tensor;
  /** f32 `[1, tokens]`: 1 / (unmasked tokens of the step), 0 for masked ones. */
  weights: Tensor;
}

/** Tokens whose logits are computed at once. */
export function chunkTokens(vocabulary: number, tokens: number): number {
  return Math.max(1, Math.min(tokens, Math.floor(MAX_CHUNK_LOGITS / vocabulary)));
}

export interface LossPass {
  /** f32 scalar: the weighted sum over all tokens. */
  loss: Tensor;
  /** `[width, tokens]`; null when only the loss was asked for. */
  gradient: Tensor | null;
}

/** `hidden` `[width, tokens]`, after the last norm. */
export function crossEntropy(
  b: GraphBuilder,
  w: Linear,
  hidden: Tensor,
  targets: Targets,
  backward: Tensor | null,
): LossPass {
  const [width, tokens] = hidden.extents;
  const chunk = chunkTokens(w.forward.extents[1], tokens);
  let loss: Tensor | null = null;
  for (let from = 0; from < tokens; from += chunk) {
    const count = Math.min(chunk, tokens - from);
    const part = chunkLoss(b, w, columns(b, hidden, from, count), {
      places: b.view(targets.places, [count], from * 4),
      weights: b.view(targets.weights, [1, count], from * 4),
    });
    loss = loss === null ? part.loss : b.add(loss, part.loss);
    if (backward !== null) {
      b.append(loss);
      chunkBackward(b, w, part, b.view(backward, [width, count], from * width * 4));
    }
  }
  if (loss === null) throw new TypeError('a batch without tokens');
  return { loss, gradient: backward };
}

interface ChunkLoss {
  hidden: Tensor;
  probabilities: Tensor;
  atTarget: Tensor;
  targets: Targets;
  loss: Tensor;
}

function chunkLoss(b: GraphBuilder, w: Linear, hidden: Tensor, targets: Targets): ChunkLoss {
  const logits = b.product(w.forward, hidden);
  const [vocabulary, tokens] = logits.extents;
  const probabilities = b.apply('soft_max_ext', logits, null, 1, 0);
  const atTarget = b.apply('get_rows', b.reshape(probabilities, 1, vocabulary * tokens), targets.places);
  const logarithm = b.apply('log', b.apply('scale_bias', atTarget, 1, MIN_PROBABILITY));
  const loss = b.apply('scale', b.apply('sum', b.mul(logarithm, targets.weights)), -1);
  return { hidden, probabilities, atTarget, targets, loss };
}

/** Writes the gradient of the chunk's hidden states into `into`. */
function chunkBackward(b: GraphBuilder, w: Linear, part: ChunkLoss, into: Tensor): void {
  const [vocabulary, tokens] = part.probabilities.extents;
  const all = b.reshape(part.probabilities, 1, vocabulary * tokens);
  const lessOne = b.apply('scale_bias', part.atTarget, 1, -1);
  const dLogits = b.reshape(b.apply('set_rows', all, lessOne, part.targets.places), vocabulary, tokens);
  const weighted = b.mul(part.hidden, part.targets.weights);
  if (w.gradient !== null) b.accumulate(w.gradient, b.sumOverSecond(weighted, dLogits, 'large'));
  const dHidden = b.mul(b.product(w.backward, dLogits), part.targets.weights);
  b.append(b.apply('cpy', dHidden, into));
}

function columns(b: GraphBuilder, a: Tensor, from: number, count: number): Tensor {
  return b.view(a, [a.extents[0], count], from * a.strides[1]);
}
