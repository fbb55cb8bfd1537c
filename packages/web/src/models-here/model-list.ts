/** What may be asked: `GET /v1/models`, and what the swarm offers beside it. Whatever is missing is unknown. */
import type { PanelTierOffer } from '@filon/core/panel/network';
import type { PrivacyTier } from '@filon/core/serving/tier';
import { amountOf, fieldsOf, listOf, textOf } from './json-fields.ts';
import { type Offers, offersWithin, tierIn } from './offers.ts';

export interface ModelHere {
  name: string;
  contextTokens: number | null;
  quantization: string | null;
  licence: string | null;
  bytes: number | null;
  isLoaded: boolean | null;
  /** On the node's own disk. */
  isStored: boolean;
  /** On other machines, by tier. */
  offers: readonly PanelTierOffer[];
}

export function modelsIn(list: unknown): ModelHere[] {
  return listOf(fieldsOf(list)['data']).flatMap((entry) => {
    const model = fieldsOf(entry);
    const more = fieldsOf(model['filon']);
    const name = textOf(model['id']);
    const elsewhere = tierIn(more['elsewhere']);
    if (name === null) return [];
    return [
      {
        name,
        contextTokens: amountOf(model['context_length']),
        quantization: textOf(model['quantization']),
        licence: textOf(model['license']),
        bytes: amountOf(more['bytes']),
        isLoaded: typeof more['loaded'] === 'boolean' ? more['loaded'] : null,
        isStored: elsewhere === null,
        offers:
          elsewhere === null ? [] : [{ tier: elsewhere, nodes: 1, tokensPerSecond: null, priceMax: null }],
      },
    ];
  });
}

/** Those that the node lists first, then those that it would list to whoever chose a wider tier. */
export function withOffers(listed: readonly ModelHere[], { models }: Offers): ModelHere[] {
  const offered = new Map(models.map((model) => [model.name, model]));
  const here = listed.map((model) => ({ ...model, offers: offered.get(model.name)?.tiers ?? model.offers }));
  const names = new Set(listed.map(({ name }) => name));
  const elsewhere = models.filter(({ name, tiers }) => !names.has(name) && tiers.length > 0);
  return [...here, ...elsewhere.map(modelElsewhere)];
}

/** Whether somebody may answer with it under this choice. */
export function isWithin({ isStored, offers }: ModelHere, tier: PrivacyTier): boolean {
  return isStored || offersWithin(offers, tier).length > 0;
}

function modelElsewhere({ name, contextTokens, tiers }: Offers['models'][number]): ModelHere {
  const unknown = { quantization: null, licence: null, bytes: null, isLoaded: null };
  return { ...unknown, name, contextTokens: contextTokens || null, isStored: false, offers: tiers };
}
