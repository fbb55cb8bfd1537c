/** `GET /filon/v1/offers`, as the chat reads it: what is missing or of another form is no offer. */
import type { PanelPrice, PanelTierOffer } from '@filon/core/panel/network';
import { type PrivacyTier, TIERS, tierAllows } from '@filon/core/serving/tier';
import { amountOf, fieldsOf, listOf, textOf } from './json-fields.ts';

/** What the swarm has ready beside the node. */
export interface Offers {
  /** Name of the swarm; null: the node is in none, or does not say. */
  swarm: string | null;
  /** The widest tier that may be chosen here. */
  tierMax: PrivacyTier;
  models: readonly { name: string; contextTokens: number | null; tiers: readonly PanelTierOffer[] }[];
}

export function offersIn(value: unknown): Offers {
  const fields = fieldsOf(value);
  const swarm = textOf(fields['swarm']);
  return {
    swarm,
    tierMax: tierIn(fields['tierMax']) ?? 'own',
    models: listOf(swarm === null ? null : fields['models']).flatMap((entry) => {
      const model = fieldsOf(entry);
      const name = textOf(model['name']);
      const tiers = listOf(model['tiers']).flatMap(offerIn);
      return name === null ? [] : [{ name, contextTokens: amountOf(model['contextTokens']), tiers }];
    }),
  };
}

/** Those that a choice lets in. */
export function offersWithin(offers: readonly PanelTierOffer[], tier: PrivacyTier): PanelTierOffer[] {
  return offers.filter((offer) => tierAllows(tier, offer.tier));
}

/** The most that any of them may ask; null: nothing. */
export function dearestOf(offers: readonly PanelTierOffer[]): PanelPrice | null {
  const prices = offers.flatMap(({ priceMax }) => priceMax ?? []);
  if (prices.length === 0) return null;
  return {
    promptPico: Math.max(...prices.map(({ promptPico }) => promptPico)),
    answerPico: Math.max(...prices.map(({ answerPico }) => answerPico)),
  };
}

export function tierIn(value: unknown): PrivacyTier | null {
  return TIERS.find((tier) => tier === value) ?? null;
}

function offerIn(value: unknown): PanelTierOffer[] {
  const fields = fieldsOf(value);
  const tier = tierIn(fields['tier']);
  const nodes = amountOf(fields['nodes']);
  if (tier === null || nodes === null) return [];
  return [
    {
      tier,
      nodes,
      tokensPerSecond: amountOf(fields['tokensPerSecond']),
      priceMax: priceIn(fields['priceMax']),
    },
  ];
}

function priceIn(value: unknown): PanelPrice | null {
  const fields = fieldsOf(value);
  const [promptPico, answerPico] = [fields['promptPico'], fields['answerPico']].map(
    (pico) => amountOf(pico) ?? 0,
  );
  if (promptPico === undefined || answerPico === undefined || promptPico + answerPico === 0) return null;
  return { promptPico, answerPico };
}
