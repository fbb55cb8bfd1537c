/** What a draw asks of a grammar at the session's present position. The native grammar stands behind it. */
export interface GrammarGate {
  /** Whether this one token may come next. Cheap. An end mark is accepted where the text is complete. */
  accepts(token: number): boolean;
  /** Sets the logits of all refused tokens to -Infinity, in place. Costs a walk over the vocabulary. */
  mask(logits: Float32Array): void;
}
