/** Serving for one owner: computed prompts are reused for that one alone, on machines of a tier that it may use. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { Serving } from '../../serve/serving.ts';

export interface Scope {
  owner: string;
  tier: PrivacyTier;
}

export function scopedServing(serving: Serving, { owner, tier }: Scope): Serving {
  return {
    complete: (request, options) => serving.complete(request, { ...options, scope: owner, tier }),
    embed: (request, options) => serving.embed(request, { ...options, tier }),
    countTokens: (request, options) => serving.countTokens(request, { ...options, tier }),
    models: () => serving.models(),
    readiness: () => serving.readiness(),
    stats: () => serving.stats(),
  };
}
