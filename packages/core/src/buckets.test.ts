import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Buckets } from './buckets.ts';

function createManualClock() {
  let nowMs = 0;
  return {
    monotonicMs: () => nowMs,
    advance: (durationMs: number) => {
      nowMs += durationMs;
    },
  };
}

test('never more in any stretch of time than the rate allows, and all of it to those who wait', () => {
  const steps = fc.array(fc.nat(20_000), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), steps, (perMinute, waits) => {
      const clock = createManualClock();
      const buckets = new Buckets(clock, 10);
      const taken: number[] = [];
      for (const waitMs of waits) {
        clock.advance(waitMs);
        if (buckets.take('a', perMinute).taken) taken.push(clock.monotonicMs());
      }
      for (const [first, fromMs] of taken.entries()) {
        for (const [last, toMs] of taken.entries()) {
          if (last < first) continue;
          const allowed = perMinute + ((toMs - fromMs) * perMinute) / 60_000;
          expect(last - first + 1).toBeLessThanOrEqual(allowed + 1e-6);
        }
      }
      const { waitMs } = buckets.look('a', perMinute);
      clock.advance(Math.ceil(waitMs));
      expect(buckets.take('a', perMinute).taken).toBe(true);
    }),
  );
});

test('says what is left, and when the next one and all of them are there', () => {
  const clock = createManualClock();
  const buckets = new Buckets(clock, 10);
  expect(buckets.take('a', 2)).toMatchObject({ taken: true, left: 1, waitMs: 0, fullMs: 30_000 });
  expect(buckets.take('a', 2)).toMatchObject({ taken: true, left: 0, waitMs: 30_000, fullMs: 60_000 });
  expect(buckets.take('a', 2)).toMatchObject({ taken: false, left: 0, waitMs: 30_000 });
  expect(buckets.take('b', 2).taken).toBe(true);
  clock.advance(30_000);
  expect(buckets.look('a', 2)).toMatchObject({ left: 1, waitMs: 0 });
});

test('remembers so many names and no more', () => {
  const buckets = new Buckets(createManualClock(), 2);
  for (const name of ['a', 'b', 'c']) buckets.take(name, 1);
  expect(buckets.take('c', 1).taken).toBe(false);
  expect(buckets.take('a', 1).taken).toBe(true);
});
