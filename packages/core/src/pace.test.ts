import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test('steady work has a steady pace, wherever it was taken up', () => {
  fc.assert(
    fc.property(fc.nat({ max: 1e9 }), fc.integer({ min: 1, max: 1e6 }), (from, perSecond) => {
      const pace = new Pace();
      for (let second = 0; second <= 30; second++) pace.add(second * 1000, from + second * perSecond);
      expect(pace.perSecond).toBeCloseTo(perSecond, 5);
      const done = from + 30 * perSecond;
      expect(pace.leftMs(done, done + 5 * perSecond)).toBeCloseTo(5000, 5);
    }),
  );
});

test('nobody knows at first, without a total, or when nothing moves', () => {
  const pace = new Pace();
  pace.add(0, 0);
  expect([pace.perSecond, pace.leftMs(0, 100)]).toEqual([null, null]);
  pace.add(1000, 0);
  expect(pace.leftMs(0, 100)).toBeNull();
  pace.add(2000, 50);
  expect(pace.leftMs(50, null)).toBeNull();
  expect(pace.leftMs(50, 100)).toBeGreaterThan(0);
});
