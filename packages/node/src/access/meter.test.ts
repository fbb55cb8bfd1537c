import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../adapters/memory/clock.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { Keys, type NewKey } from './keys.ts';
import { type Hold, Meter } from './meter.ts';
import { costOf, parseMoney, parsePrice } from './money.ts';

const UNLIMITED: NewKey = {
  ...{ name: 'any', models: null, budgetTokens: null, budgetMoney: null },
  ...{ requestsPerMinute: null, tier: 'own', expiresInMs: null },
};

function open(limits: Partial<NewKey>, price = '0') {
  const store = createMemoryStore();
  const clock = createManualClock();
  const { key } = new Keys({ store, clock, randomBytes }).add({ ...UNLIMITED, ...limits });
  return { store, key, meter: new Meter({ store, clock, price: parsePrice(price) }) };
}

const used = (promptTokens: number, completionTokens: number) => ({
  ...{ promptTokens, completionTokens, cachedTokens: 0 },
});

type Step = { start: number } | { end: number; share: number } | { leave: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ start: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ end: fc.nat(9), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ leave: fc.nat(9) }),
);

describe('a budget', () => {
  test('is never passed, however answers overlap, and every token is counted once', () => {
    const budgets = fc.record({
      budgetTokens: fc.option(fc.integer({ min: 1, max: 1_000 })),
      budgetMoney: fc.option(fc.integer({ min: 1, max: 900 }).map((cents) => (cents / 100).toFixed(2))),
    });
    fc.assert(
      fc.property(budgets, fc.array(step, { maxLength: 60 }), (limits, steps) => {
        const { key, meter } = open(limits, '10000');
        const running: Hold[] = [];
        let tokens = 0;
        for (const one of steps) {
          if ('start' in one) {
            const left = meter.leftOf(key) - running.reduce((sum, hold) => sum + hold.tokens, 0);
            const take = (): Hold => meter.hold(key, one.start);
            if (left < 1)
              expect(take).toThrow(
                expect.objectContaining({ code: expect.stringMatching(/^ACCESS_BUDGET/) }),
              );
            else running.push(take());
          } else {
            const [hold] = running.splice('end' in one ? one.end : one.leave, 1);
            if (hold === undefined) continue;
            const spent = 'end' in one ? Math.floor(hold.tokens * one.share) : 0;
            if ('end' in one) hold.settle(used(Math.floor(spent / 2), spent - Math.floor(spent / 2)));
            hold.release();
            tokens += spent;
          }
          const row = meter.usageOf(key.id);
          expect(row.promptTokens + row.completionTokens).toBe(tokens);
          expect(BigInt(row.moneyPico)).toBe(costOf(tokens, parsePrice('10000')));
          expect(tokens).toBeLessThanOrEqual(limits.budgetTokens ?? Number.POSITIVE_INFINITY);
          if (limits.budgetMoney !== null) {
            expect(BigInt(row.moneyPico)).toBeLessThanOrEqual(parseMoney(limits.budgetMoney));
          }
        }
      }),
    );
  });

  test('says whether it is used up or only held', () => {
    const { key, meter } = open({ budgetTokens: 10 });
    const hold = meter.hold(key, 100);
    expect([hold.tokens, hold.room]).toEqual([10, 10]);
    expect(() => meter.hold(key, 1)).toThrow(expect.objectContaining({ code: 'ACCESS_BUDGET_HELD' }));
    hold.resize(4);
    meter.hold(key, 6).settle(used(3, 3));
    hold.settle(used(1, 3));
    expect(() => meter.hold(key, 1)).toThrow(
      expect.objectContaining({ details: { code: 'ACCESS_BUDGET', budget: 'tokens' } }),
    );
  });

  test('in money ends when it cannot pay for a token', () => {
    const { key, meter } = open({ budgetMoney: '0.01' }, '4000');
    const hold = meter.hold(key, 100);
    expect(hold.tokens).toBe(2);
    hold.settle(used(1, 1));
    expect(() => meter.hold(key, 1)).toThrow(
      expect.objectContaining({ details: { code: 'ACCESS_BUDGET', budget: 'money' } }),
    );
  });

  test('that is none holds nobody up', () => {
    const { key, meter } = open({});
    const [one, two] = [meter.hold(key, 1e9), meter.hold(key, 1e9)];
    one.resize(2e9);
    one.settle(used(5, 5));
    two.release();
    expect(meter.leftOf(key)).toBe(Number.POSITIVE_INFINITY);
    expect(meter.usageOf(key.id)).toMatchObject({ requests: 1, promptTokens: 5, completionTokens: 5 });
  });
});

test('what a removed key still used goes with it', () => {
  const { store, key, meter } = open({});
  const hold = meter.hold(key, 5);
  store.delete('keys', key.id);
  hold.settle(used(1, 1));
  expect(store.list('usage')).toEqual([]);
});
