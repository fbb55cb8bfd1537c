/** SwiGLU (Shazeer 2020, section 2): `y = W_down (silu(W_gate x) * W_up x)`. */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';
import { type Linear, type LinearSaved, linearBackward, linearForward } from './linear.ts';

export interface FeedForward {
  ffn_gate: Linear;
  ffn_up: Linear;
  ffn_down: Linear;
}

export interface FeedForwardSaved {
  gate: Tensor;
  up: Tensor;
  gateSaved: LinearSaved;
  upSaved: LinearSaved;
  downSaved: LinearSaved;
}

/** `x` `[width, tokens]` -> the same extents. */
export function feedForwardForward(
  b: GraphBuilder,
  w: FeedForward,
  input: Tensor,
): { output: Tensor; saved: FeedForwardSaved } {
  const gate = linearForward(b, w.ffn_gate, input);
  const up = linearForward(b, w.ffn_up, input);
  const down = linearForward(b, w.ffn_down, b.apply('swiglu_split', gate.output, up.output));
  return {
    output: down.output,
    saved: {
      gate: gate.output,
      up: up.output,
      gateSaved: gate.saved,
      upSaved: up.saved,
      downSaved: down.saved,
    },
  };
}

export function feedForwardBackward(
  b: GraphBuilder,
  w: FeedForward,
  saved: FeedForwardSaved,
  gradient: Tensor,
): Tensor {
  const hidden = linearBackward(b, w.ffn_down, saved.downSaved, gradient);
  const dUp = b.mul(hidden, b.apply('silu', saved.gate));
  const dGate = b.apply('silu_back', b.mul(hidden, saved.up), saved.gate);
  return b.add(
    linearBackward(b, w.ffn_gate, saved.gateSaved, dGate),
    linearBackward(b, w.ffn_up, saved.upSaved, dUp),
  );
}
