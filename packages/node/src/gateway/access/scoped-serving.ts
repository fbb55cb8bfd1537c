/** Serving for one owner: computed prompts are reused for that one alone, on machines of a tier that it may use. */
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import type { Serving } from '../../serve/serving.ts';

export interface Scope {
  owner: string;
  tier: PrivacyTier;
  /** Another node passed the request on to this one. Absent: false. */
  passedOn?: boolean;
}

export function scopedServing(serving: Serving, { owner, tier, passedOn = false }: Scope): Serving {
  const within = { tier, passedOn };
  return {
    complete: (request, options) => serving.complete(request, { ...options, ...within, scope: owner }),
    embed: (request, options) => serving.embed(request, { ...options, ...within }),
    countTokens: (request, options) => serving.countTokens(request, { ...options, ...within }),
    models: async () =>
      (await serving.models()).filter(({ elsewhere = 'own' }) => tierAllows(tier, elsewhere)),
    readiness: () => serving.readiness(),
    stats: () => serving.stats(),
  };
}
