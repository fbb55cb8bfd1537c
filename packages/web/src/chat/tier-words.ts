/** How fast and how dear the answers of a tier may be, in words. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import { measure } from '../i18n/numbers.ts';
import { amountText, costOf } from '../i18n/prices.ts';
import type { ChatWords } from '../i18n/words.ts';
import type { ModelHere } from '../models-here/model-list.ts';
import { dearestOf, offersWithin } from '../models-here/offers.ts';
import type { Language } from '../state/preferences.ts';
import type { IconName } from '../ui/icon.tsx';

/** Of an answer whose length is not limited: what people's questions get, about. */
const ANSWER_TOKENS_GUESS = 512;
/** Roughly, for most languages: only to tell in time. */
const CHARACTERS_PER_TOKEN = 3.5;

export const TIER_ICONS: Readonly<Record<PrivacyTier, IconName>> = {
  own: 'lock',
  trusted: 'people',
  open: 'globe',
};

export function tokensOf(characters: number): number {
  return Math.round(characters / CHARACTERS_PER_TOKEN);
}

export interface Asked {
  /** Of everything that would be sent. */
  characters: number;
  answerTokens: number | null;
}

/** The most that the next answer may cost, about; null: nothing. */
export function costText(
  model: ModelHere,
  tier: PrivacyTier,
  { characters, answerTokens }: Asked,
  language: Language,
): string | null {
  const price = dearestOf(offersWithin(model.offers, tier));
  if (price === null) return null;
  const tokens = { prompt: tokensOf(characters), answer: answerTokens ?? ANSWER_TOKENS_GUESS };
  return amountText(costOf(price, tokens), language);
}

/** `2 machines, up to 92 tok/s`. */
export function offerText(
  words: ChatWords['tiers'],
  offers: ModelHere['offers'],
  language: Language,
): string {
  const nodes = offers.reduce((sum, offer) => sum + offer.nodes, 0);
  const speed = Math.max(0, ...offers.map(({ tokensPerSecond }) => tokensPerSecond ?? 0));
  return speed === 0 ? words.machines(nodes) : words.machinesAt(nodes, measure(speed, language));
}
