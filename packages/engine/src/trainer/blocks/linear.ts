/**
 * `y = W x`, with an optional low-rank adapter `y += s B (A x)` (LoRA, Hu et al. 2021, section 4.1).
 * Backward: `dx = W^T dy`, `dW = x dy^T`; of the adapter `dB = (A x) dy^T`, `dA = x (s B^T dy)^T`.
 */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';

export interface Linear {
  /** `[in, out]`, of any type that products take. */
  forward: Tensor;
  /** The same transposed, `[out, in]`. */
  backward: Tensor;
  /** `[in, out]` f32; null when the matrix is frozen. */
  gradient: Tensor | null;
  adapter: Adapter | null;
}

export interface Adapter {
  /** `[in, rank]` and its gradient. */
  a: Tensor;
  aGradient: Tensor;
  /** B transposed, `[out, rank]`: sums then run along its long rows. And its gradient. */
  b: Tensor;
  bGradient: Tensor;
  /** alpha / rank */
  scale: number;
}

export interface LinearSaved {
  /** `[in, tokens]` */
  input: Tensor;
  /** `A x`, `[rank, tokens]`. */
  low: Tensor | null;
}

/** `x` `[in, tokens]` -> `[out, tokens]`. */
export function linearForward(
  b: GraphBuilder,
  w: Linear,
  input: Tensor,
): { output: Tensor; saved: LinearSaved } {
  const output = b.product(w.forward, input);
  if (w.adapter === null) return { output, saved: { input, low: null } };
  const low = b.product(w.adapter.a, input);
  const scaled = b.apply('scale', low, w.adapter.scale);
  const added = b.sumOverSecond(w.adapter.b, b.swap01(scaled), 'adapters');
  return { output: b.add(output, added), saved: { input, low } };
}

/** `dy` `[out, tokens]` -> `dx` `[in, tokens]`; adds to the gradients. */
export function linearBackward(
  b: GraphBuilder,
  w: Linear,
  { input, low }: LinearSaved,
  gradient: Tensor,
): Tensor {
  if (w.gradient !== null) b.accumulate(w.gradient, b.sumOverSecond(input, gradient, 'large'));
  const dx = b.product(w.backward, gradient);
  if (w.adapter === null || low === null) return dx;
  const { adapter } = w;
  const scaledLow = b.apply('scale', low, adapter.scale);
  b.accumulate(adapter.bGradient, b.sumOverSecond(gradient, scaledLow, 'adapters'));
  const dLow = b.apply('scale', b.product(adapter.b, gradient), adapter.scale);
  b.accumulate(adapter.aGradient, b.sumOverSecond(input, dLow, 'adapters'));
  return b.add(dx, b.sumOverSecond(adapter.a, b.swap01(dLow), 'adapters'));
}
