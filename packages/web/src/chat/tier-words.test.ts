import { expect, test } from 'vitest';
import { chatEn } from '../i18n/chat-en.ts';
import { chatEs } from '../i18n/chat-es.ts';
import { modelsIn, withOffers } from '../models-here/model-list.ts';
import { offersIn } from '../models-here/offers.ts';
import { costText, offerText } from './tier-words.ts';

const offers = offersIn({
  ...{ swarm: 'veta', tierMax: 'open' },
  models: [
    {
      ...{ name: 'ore', contextTokens: 4096 },
      tiers: [
        { tier: 'own', nodes: 1, tokensPerSecond: 40, priceMax: null },
        {
          tier: 'trusted',
          nodes: 2,
          tokensPerSecond: 92,
          priceMax: { promptPico: 50_000, answerPico: 200_000 },
        },
        {
          tier: 'open',
          nodes: 1,
          tokensPerSecond: null,
          priceMax: { promptPico: 10_000, answerPico: 400_000 },
        },
        { tier: 'all', nodes: 9 },
      ],
    },
  ],
});
const [model] = withOffers(modelsIn({ data: [{ id: 'ore' }] }), offers);

test('an answer costs what the dearest that may answer asks, and no more', () => {
  if (model === undefined) expect.fail('the model is there');
  const asked = { characters: 3500, answerTokens: null };
  expect(costText(model, 'own', asked, 'en')).toBeNull();
  expect(costText(model, 'trusted', asked, 'en')).toBe('0.00015');
  expect(costText(model, 'open', asked, 'en')).toBe('0.00025');
  expect(costText(model, 'open', { characters: 0, answerTokens: 1_000_000 }, 'es')).toBe('0,40');
});

test('machines are told with the speed of the fastest, where one is known', () => {
  const all = model?.offers ?? [];
  expect(all).toHaveLength(3);
  expect(offerText(chatEn.tiers, all, 'en')).toBe('4 other machines, up to 92 tok/s');
  expect(offerText(chatEn.tiers, all.slice(2), 'en')).toBe('1 other machine');
  expect(offerText(chatEs.tiers, all.slice(0, 1), 'es')).toBe('otra máquina, 40 tok/s');
});
