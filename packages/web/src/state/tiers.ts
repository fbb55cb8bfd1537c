/** Whose machines may answer here: what a conversation wants, and what a person has allowed this browser. */
import { type PrivacyTier, tierAllows } from '@filon/core/serving/tier';
import { prefer, preferences } from './preferences.ts';

/** `allowed`: the widest that was agreed to. A conversation that came in a file cannot have agreed to more. */
export function tierNow(wanted: PrivacyTier | undefined, allowed: PrivacyTier): PrivacyTier {
  const tier = wanted ?? 'own';
  return tierAllows(allowed, tier) ? tier : allowed;
}

/** New conversations begin with it. Beyond what was allowed it counts as agreed to: ask before. */
export function chooseTier(tier: PrivacyTier): void {
  const { tierAllowed } = preferences.get();
  prefer({ tier, tierAllowed: tierAllows(tierAllowed, tier) ? tierAllowed : tier });
}

/** From now on the own machines alone, in every conversation. */
export function revokeTiers(): void {
  prefer({ tier: 'own', tierAllowed: 'own' });
}
