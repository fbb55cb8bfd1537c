/** The table that tokens are looked up in. */
import type { GraphBuilder, Tensor } from '../graph/builder.ts';

export interface Embedding {
  /** `[width, vocabulary]` */
  table: Tensor;
  /** The same in f32; null when the table is frozen. */
  gradient: Tensor | null;
}

/** `tokens` `[tokens]` i32 -> `[width, tokens]`. */
export function embeddingForward(b: GraphBuilder, w: Embedding, tokens: Tensor): Tensor {
  return b.apply('get_rows', w.table, tokens);
}

export function embeddingBackward(b: GraphBuilder, w: Embedding, tokens: Tensor, gradient: Tensor): void {
  if (w.gradient !== null) b.accumulate(w.gradient, b.apply('get_rows_back', gradient, tokens, w.gradient));
}
