/** Whose machines may compute a request: the header `filon-tier`, within what its caller may choose. */
import { FilonError } from '@filon/core/errors';
import { type PrivacyTier, TIERS, tierAllows } from '@filon/core/serving/tier';
import type { AccessErrorDetails } from '../../access/errors.ts';
import { invalid } from '../http/validate.ts';
import type { Found } from './authenticate.ts';
import type { Rights } from './principal.ts';

export const TIER_HEADER = 'filon-tier';

/** A key's own, and all of them for whoever the operator let in here. */
export function rightsFrom(found: Exclude<Found, { kind: 'nobody' }>): Rights {
  if (found.kind !== 'key') return { tierMax: 'open', models: null };
  return { tierMax: found.key.tier, models: found.key.models };
}

export interface TierAsked {
  /** undefined: the request does not say. */
  header: string | undefined;
  /** What the operator chose for whoever has no key. */
  standard: PrivacyTier;
}

/**
 * Without the header a key has the tier that it was made with, because its operator chose it; everybody else has the one
 * of the settings. Codes: GATEWAY_REQUEST_INVALID, ACCESS_TIER.
 */
export function tierOf(
  { header, standard }: TierAsked,
  found: Exclude<Found, { kind: 'nobody' }>,
): PrivacyTier {
  if (header === undefined) return found.kind === 'key' ? found.key.tier : standard;
  const tier = TIERS.find((known) => known === header);
  if (tier === undefined) throw invalid(TIER_HEADER, `must be one of ${TIERS.join(', ')}`);
  const { tierMax: allowed } = rightsFrom(found);
  if (tierAllows(allowed, tier)) return tier;
  throw new FilonError<AccessErrorDetails>(
    { code: 'ACCESS_TIER', tier, allowed },
    `this key may use machines of the tier '${allowed}', not '${tier}'; \`filon keys add --tier ${tier}\` makes one that may`,
  );
}
