/** RMSNorm (Zhang and Sennrich 2019): `y = g x / sqrt(mean(x^2) + epsilon)`. */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';

export interface Norm {
  /** `[width]` */
  gain: Tensor;
  /** `[width]`; null when the gain is frozen. */
  gradient: Tensor | null;
  epsilon: number;
}

export interface NormSaved {
  input: Tensor;
  /** `x / sqrt(mean(x^2) + epsilon)` */
  normalized: Tensor;
}

/** `x` `[width, tokens]` -> the same extents. */
export function normForward(b: GraphBuilder, w: Norm, input: Tensor): { output: Tensor; saved: NormSaved } {
  const normalized = b.apply('rms_norm', input, w.epsilon);
  return { output: b.mul(normalized, w.gain), saved: { input, normalized } };
}

export function normBackward(
  b: GraphBuilder,
  w: Norm,
  { input, normalized }: NormSaved,
  gradient: Tensor,
): Tensor {
  if (w.gradient !== null) {
    b.accumulate(w.gradient, b.apply('repeat_back', b.mul(gradient, normalized), w.gain));
  }
  return b.apply('rms_norm_back', b.mul(gradient, w.gain), input, w.epsilon);
}
