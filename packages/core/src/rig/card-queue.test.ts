import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CARD_WAITERS_MAX, CardQueue, type Turn } from './card-queue.ts';

const signal = new AbortController().signal;

function turnOf(outcome: Awaited<ReturnType<CardQueue['acquire']>>): Turn {
  if ('refused' in outcome) throw new RangeError(`refused: ${outcome.refused}`);
  return outcome;
}

test('too many who wait are refused, not collected', async () => {
  const queue = new CardQueue();
  const holder = turnOf(await queue.acquire(3, { signal }));
  const waiting = Array.from({ length: CARD_WAITERS_MAX }, () => queue.acquire(1, { signal }));
  expect(await queue.acquire(0, { signal })).toEqual({ refused: 'full' });
  holder.giveBack();
  const outcomes = await Promise.all(waiting);
  expect(outcomes.filter((outcome) => !('refused' in outcome))).toHaveLength(1);
});

test('whatever comes, one holds the card, and a wish of higher right ends a turn of lower', async () => {
  const step = fc.oneof(fc.record({ rank: fc.nat(3) }), fc.constant('give back' as const));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const queue = new CardQueue();
      const held: Turn[] = [];
      const all: Promise<unknown>[] = [];
      for (const one of steps) {
        if (one === 'give back') {
          held.shift()?.giveBack();
        } else {
          const before = held[0];
          const acquiring = queue.acquire(one.rank, { signal }).then((outcome) => {
            if (!('refused' in outcome)) held.push(outcome);
          });
          all.push(acquiring);
          if (before !== undefined && one.rank < before.rank) expect(before.revoked.aborted).toBe(true);
        }
        for (let turn = 0; turn < 8; turn++) await Promise.resolve();
        expect(held.length).toBeLessThanOrEqual(1);
        expect(queue.holderRank).toBe(held[0]?.rank ?? null);
      }
      while (held.length > 0) {
        held.shift()?.giveBack();
        for (let turn = 0; turn < 8; turn++) await Promise.resolve();
      }
      await Promise.all(all);
      expect(queue.holderRank).toBeNull();
    }),
  );
});
