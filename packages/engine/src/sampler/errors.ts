/** Errors of the sampler. */
export type SamplerErrorDetails = {
  /** No token can be drawn: all logits are NaN or -Infinity, one is +Infinity, or the grammar refuses all. */
  code: 'SAMPLER_NO_TOKEN';
  position: number;
  reason: 'logits' | 'grammar';
};
