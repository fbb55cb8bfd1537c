/** What whoever chats here could have of the swarm: models, on how many machines of which tier, how fast and for what. */
import {
  PANEL_OFFERS_MAX,
  type PanelOffers,
  type PanelPeer,
  type PanelPrice,
  type PanelServed,
  type PanelTierOffer,
} from '@filon/core/panel/network';
import { type PrivacyTier, TIERS, tierAllows } from '@filon/core/serving/tier';
import type { Rights } from '../access/principal.ts';
import type { NetworkLook } from './network-view.ts';

interface Served {
  tier: PrivacyTier;
  served: PanelServed;
}

/** Only of nodes whose announcement holds. */
export function panelOffers(look: NetworkLook | null, { tierMax, models: usable }: Rights): PanelOffers {
  if (look === null || look.swarm === null) return { swarm: null, tierMax, models: [] };
  const byModel = Map.groupBy(
    look.peers
      .filter(({ expiresMs }) => expiresMs !== null)
      .flatMap(servedBy)
      .filter(({ tier }) => tierAllows(tierMax, tier)),
    ({ served }) => served.name,
  );
  const models = [...byModel]
    .filter(([name]) => usable === null || usable.includes(name))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, PANEL_OFFERS_MAX)
    .map(([name, all]) => ({
      name,
      contextTokens: Math.max(...all.map(({ served }) => served.contextTokens)),
      tiers: TIERS.flatMap((tier) => offerOf(tier, all)),
    }));
  return { swarm: look.swarm.name, tierMax, models };
}

function servedBy({ tier, models }: PanelPeer): Served[] {
  return models.map((served) => ({ tier: served.upstream ?? tier, served }));
}

function offerOf(tier: PrivacyTier, all: readonly Served[]): PanelTierOffer[] {
  const served = all.filter((one) => one.tier === tier).map((one) => one.served);
  if (served.length === 0) return [];
  const speeds = served.flatMap(({ tokensPerSecond }) => tokensPerSecond ?? []);
  return [
    {
      ...{ tier, nodes: served.length, priceMax: dearest(served.flatMap(({ price }) => price ?? [])) },
      tokensPerSecond: speeds.length === 0 ? null : Math.max(...speeds),
    },
  ];
}

function dearest(prices: readonly PanelPrice[]): PanelPrice | null {
  if (prices.length === 0) return null;
  return {
    promptPico: Math.max(...prices.map(({ promptPico }) => promptPico)),
    answerPico: Math.max(...prices.map(({ answerPico }) => answerPico)),
  };
}
