import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prefillShares } from './prefill-shares.ts';

const waiting = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 64 });
const room = fc.integer({ min: 0, max: 512 });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test('the room is used as far as there is need, and nobody gets more than it needs', () => {
  fc.assert(
    fc.property(waiting, room, (needs, rows) => {
      const shares = prefillShares(needs, rows);
      expect(sum(shares)).toBe(Math.min(rows, sum(needs)));
      for (const [index, share] of shares.entries()) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(needs[index] as number);
      }
    }),
  );
});

test('the oldest moves on by half of the room in every batch', () => {
  fc.assert(
    fc.property(waiting, room, (needs, rows) => {
      fc.pre(needs.length > 0);
      const [oldest = 0] = prefillShares(needs, rows);
      expect(oldest).toBeGreaterThanOrEqual(Math.min(needs[0] as number, Math.ceil(rows / 2)));
    }),
  );
});

test('a short prompt passes long ones, and prompts of one length come in their order', () => {
  expect(prefillShares([2500, 2500, 40], 128)).toEqual([88, 0, 40]);
  expect(prefillShares([2500, 2500, 400], 128)).toEqual([64, 0, 64]);
  expect(prefillShares([300, 300], 512)).toEqual([300, 212]);
});
