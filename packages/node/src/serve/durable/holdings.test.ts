import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnswerRow } from '../../ports/store.ts';
import { Holdings, type RoomLimits } from './holdings.ts';

const LIMITS: RoomLimits = { keptMax: 8, keptOwnerBytesMax: 500, keptTotalMax: 16, keptBytesMax: 1_000 };
const OWNERS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** One store: a new answer that runs, one that has ended, or the end of the owner's oldest that runs. */
const step = fc.record({
  owner: fc.constantFrom(...OWNERS),
  kind: fc.constantFrom('runs' as const, 'ended' as const, 'ends' as const),
  bytes: fc.integer({ min: 1, max: 300 }),
});
const steps = fc.array(step, { minLength: 1, maxLength: 120 });
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function sizesOf(holdings: Holdings): Map<string, { count: number; bytes: number }> {
  const sizes = new Map<string, { count: number; bytes: number }>();
  for (const [, { owner, bytes }] of holdings.all()) {
    const { count, bytes: before } = sizes.get(owner) ?? { count: 0, bytes: 0 };
    sizes.set(owner, { count: count + 1, bytes: before + bytes });
  }
  return sizes;
}

const ROW: Omit<AnswerRow, 'owner' | 'order' | 'bytes' | 'state'> = {
  ...{ id: 'x', model: 'm', background: true, createdMs: 0, endedMs: null, restarts: 0, error: null },
};

function store(holdings: Holdings, { owner, kind, bytes }: Step, order: number): void {
  const running = holdings.all().find(([, row]) => row.owner === owner && row.state === 'running');
  if (kind === 'ends' && running) holdings.set(running[0], { ...running[1], bytes, state: 'done' });
  else if (kind === 'runs') holdings.set(`${order}`, { ...ROW, owner, order, bytes, state: 'running' });
  else holdings.set(`${order}`, { ...ROW, owner, order, bytes, state: 'done' });
}

test('nobody loses an answer to somebody else but the one who holds the most, above an equal share', () => {
  let lost = 0;
  const checkLoss = (holdings: Holdings, owner: string, key: string): void => {
    const loser = holdings.get(key);
    expect(loser?.state).toBe('done');
    if (loser === undefined || loser.owner === owner) return;
    lost += 1;
    const sizes = sizesOf(holdings);
    const ended = new Set(holdings.all().flatMap(([, row]) => (row.state === 'done' ? [row.owner] : [])));
    const isFair = (of: 'count' | 'bytes', max: number): boolean => {
      const sizeOf = (one: string): number => sizes.get(one)?.[of] ?? 0;
      const whole = OWNERS.reduce((sum, one) => sum + sizeOf(one), 0);
      const theirs = sizeOf(loser.owner);
      const isLargest = [...ended].every((one) => sizeOf(one) <= theirs);
      return whole > max && theirs > max / sizes.size && theirs >= sizeOf(owner) && isLargest;
    };
    expect(isFair('bytes', LIMITS.keptBytesMax) || isFair('count', LIMITS.keptTotalMax)).toBe(true);
  };
  fc.assert(
    fc.property(steps, (all) => {
      const holdings = new Holdings(LIMITS);
      for (const [order, one] of all.entries()) {
        store(holdings, one, order);
        for (let key = holdings.next(one.owner); key !== null; key = holdings.next(one.owner)) {
          checkLoss(holdings, one.owner, key);
          holdings.delete(key);
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(lost).toBeGreaterThan(0);
});

test('without answers that run, no limit is exceeded, and nothing goes that has room', () => {
  const limits = Object.values(LIMITS);
  fc.assert(
    fc.property(steps, (all) => {
      const holdings = new Holdings(LIMITS);
      for (const [order, one] of all.entries()) {
        store(holdings, { ...one, kind: 'ended' }, order);
        for (let key = holdings.next(one.owner); key !== null; key = holdings.next(one.owner)) {
          const own = sizesOf(holdings).get(one.owner) ?? { count: 0, bytes: 0 };
          const bytes = holdings.all().reduce((sum, [, row]) => sum + row.bytes, 0);
          const sizes = [own.count, own.bytes, holdings.all().length, bytes];
          expect(sizes.some((size, index) => size > (limits[index] ?? 0))).toBe(true);
          holdings.delete(key);
        }
      }
      const sizes = [...sizesOf(holdings).values()];
      const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
      expect(bytes).toBeLessThanOrEqual(LIMITS.keptBytesMax);
      expect(holdings.all().length).toBeLessThanOrEqual(LIMITS.keptTotalMax);
      for (const size of sizes) {
        expect(size.bytes).toBeLessThanOrEqual(LIMITS.keptOwnerBytesMax);
        expect(size.count).toBeLessThanOrEqual(LIMITS.keptMax);
      }
    }),
  );
});
