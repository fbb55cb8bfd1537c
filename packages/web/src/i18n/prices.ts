/** Prices as people read them: for a million tokens, in the swarm's currency, which has no name yet. */
import type { PanelPrice } from '@filon/core/panel/network';
import type { Language } from '../state/preferences.ts';

const PICO_PER_UNIT = 1e12;
const TOKENS = 1e6;

/** Of a million tokens: `0.05`. */
export function priceText(pico: number, language: Language): string {
  return amountText((pico * TOKENS) / PICO_PER_UNIT, language);
}

export function isFree(price: PanelPrice | null): boolean {
  return price === null || (price.promptPico === 0 && price.answerPico === 0);
}

/** What so many tokens come to, in units. */
export function costOf(price: PanelPrice, tokens: { prompt: number; answer: number }): number {
  return (price.promptPico * tokens.prompt + price.answerPico * tokens.answer) / PICO_PER_UNIT;
}

/** At least two decimals, and two digits that mean something however small it is. */
export function amountText(units: number, language: Language): string {
  const digits = units >= 1 || units <= 0 ? 2 : 1 - Math.floor(Math.log10(units));
  const format = { minimumFractionDigits: 2, maximumFractionDigits: Math.min(12, digits) };
  return new Intl.NumberFormat(language, format).format(units);
}
