import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { costOf, moneyText, parseMoney, parsePrice } from './money.ts';

const amount = fc
  .tuple(fc.nat(999_999_999), fc.nat(999_999))
  .map(([whole, micros]) => `${whole}.${String(micros).padStart(6, '0')}`);

describe('money', () => {
  test('is read and written without loss', () => {
    fc.assert(fc.property(amount, (text) => Number(moneyText(parseMoney(text))) === Number(text)));
    expect(moneyText(parseMoney('12.5'))).toBe('12.50');
    expect(moneyText(parseMoney('0'))).toBe('0.00');
    expect(moneyText(1n)).toBe('0.000000000001');
  });

  test('for a million tokens is the price, and sums of answers are never rounded', () => {
    const counts = fc.array(fc.nat(100_000), { maxLength: 50 });
    fc.assert(
      fc.property(amount, counts, (text, answers) => {
        const price = parsePrice(text);
        expect(costOf(1_000_000, price)).toBe(parseMoney(text));
        const tokens = answers.reduce((sum, count) => sum + count, 0);
        expect(answers.reduce((sum, count) => sum + costOf(count, price), 0n)).toBe(costOf(tokens, price));
      }),
    );
  });

  test.each(['', '-1', '1,50', '1.', '.5', '1e3', '1.1234567', '1234567890', 'ten', ' 1'])(
    '%j is none',
    (text) =>
      expect(() => parseMoney(text)).toThrow(expect.objectContaining({ code: 'ACCESS_AMOUNT_INVALID' })),
  );
});
