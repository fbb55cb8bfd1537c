/** What a recipe asks of its data. */
import type { Recipe } from '@filon/core/training/recipe';
import type { GatherOrder } from './gather.ts';

/** Estimated similarity, in thousandths, from which on two texts count as one. */
export const NEAR_PER_MILLE = 800;

/**
 * `base`: the recipe's folder. With a held-out source no share of the others is held out. What `privacy.forget` names is
 * left out; where its data was prepared before, `forgetSources` also proves it.
 */
export function gatherOrderOf({ data, privacy }: Recipe, base: string): GatherOrder {
  const sample = data.sample === undefined || data.use === 'sources' ? [] : [data.sample];
  const sources = [...(data.use === 'sample' ? [] : data.sources), ...sample];
  const isKept = ({ name }: { name: string }): boolean => !privacy.forget.includes(name);
  const heldOut = data.heldOut !== undefined && isKept(data.heldOut) ? data.heldOut : null;
  return {
    sources: sources.filter(isKept),
    heldOut,
    rule: {
      validationPerMille: Math.round(data.validationShare * 1000),
      heldOutPerMille: heldOut === null ? Math.round(data.heldOutShare * 1000) : 0,
    },
    nearPerMille: NEAR_PER_MILLE,
    personal: privacy.removePersonalData ? { keep: privacy.keep } : null,
    base,
  };
}
