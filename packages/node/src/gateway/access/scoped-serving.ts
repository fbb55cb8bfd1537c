/** Serving for one owner: computed prompts are reused for that one alone, on machines of a tier that it may use. */
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import type { Answer, Serving } from '../../serve/serving.ts';
import { LOCAL } from './principal.ts';

export interface Scope {
  owner: string;
  tier: PrivacyTier;
  /** Another node passed the request on to this one. Absent: false. */
  passedOn?: boolean;
  /** An answer was admitted. */
  onAnswer?: (answer: Answer) => void;
}

/** What the operator asks itself is asked in the common scope, which all its nodes share. */
function scopeOf(owner: string): string {
  return owner === LOCAL.owner ? '' : owner;
}

export function scopedServing(serving: Serving, scope: Scope): Serving {
  const { owner, tier, passedOn = false, onAnswer } = scope;
  const within = { tier, passedOn };
  return {
    complete: async (request, options) => {
      const answer = await serving.complete(request, { ...options, ...within, scope: scopeOf(owner) });
      onAnswer?.(answer);
      return answer;
    },
    embed: (request, options) => serving.embed(request, { ...options, ...within }),
    countTokens: (request, options) => serving.countTokens(request, { ...options, ...within }),
    models: async () =>
      (await serving.models()).filter(({ elsewhere = 'own' }) => tierAllows(tier, elsewhere)),
    readiness: () => serving.readiness(),
    stats: () => serving.stats(),
  };
}
