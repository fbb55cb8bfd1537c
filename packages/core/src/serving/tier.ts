/** Whose machines may see what is asked. First and last stages see text; what a tier lets in is all that may. */
import type { KeyId } from '../swarm/key-id.ts';

/** `own`: the operator's own machines. `trusted`: also those of operators on the trust list. `open`: anybody's. */
export type PrivacyTier = 'own' | 'trusted' | 'open';

/** From the narrowest to the widest. */
export const TIERS: readonly PrivacyTier[] = ['own', 'trusted', 'open'];

/** This operator's lists. They are local: what a peer says of itself never changes them. */
export interface OperatorLists {
  /** Operators whose machines are this operator's own. */
  own: ReadonlySet<KeyId>;
  trusted: ReadonlySet<KeyId>;
}

/** The narrowest tier under which machines of `operator` may compute. null: it is not known, so it is anybody's. */
export function tierOf(operator: KeyId | null, lists: OperatorLists): PrivacyTier {
  if (operator === null) return 'open';
  if (lists.own.has(operator)) return 'own';
  return lists.trusted.has(operator) ? 'trusted' : 'open';
}

/** Of an endpoint behind a node, which says that it is of the tier `behind`. Whom that node's operator trusts, nobody else has to. */
export function tierThrough(node: PrivacyTier, behind: PrivacyTier): PrivacyTier {
  if (behind === 'own') return node;
  return node === 'own' ? behind : 'open';
}

export function narrowerTier(one: PrivacyTier, other: PrivacyTier): PrivacyTier {
  return tierAllows(one, other) ? other : one;
}

/** Whether what needs the tier `needed` may be used where `allowed` was chosen. */
export function tierAllows(allowed: PrivacyTier, needed: PrivacyTier): boolean {
  return TIERS.indexOf(needed) <= TIERS.indexOf(allowed);
}
