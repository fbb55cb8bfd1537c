import { expect, test } from 'vitest';
import { amountText, costOf, isFree, priceText } from './prices.ts';

test.each([
  [0, '0.00'],
  [50_000, '0.05'],
  [200_000, '0.20'],
  [1_250_000, '1.25'],
  [12_000_000, '12.00'],
  [12, '0.000012'],
  [75_000, '0.075'],
  [1_234_567, '1.23'],
])('%d for a token is %s for a million', (pico, text) => {
  expect(priceText(pico, 'en')).toBe(text);
});

test('an amount keeps two digits however small it is', () => {
  expect(amountText(0.000_234, 'en')).toBe('0.00023');
  expect(amountText(0.000_2, 'es')).toBe('0,0002');
  expect(amountText(3.5, 'en')).toBe('3.50');
});

test('what an answer costs is its tokens at their prices', () => {
  const price = { promptPico: 50_000, answerPico: 200_000 };
  expect(costOf(price, { prompt: 1000, answer: 500 })).toBeCloseTo(0.000_15, 12);
  expect([isFree(null), isFree({ promptPico: 0, answerPico: 0 }), isFree(price)]).toEqual([
    true,
    true,
    false,
  ]);
});
