import { RELIABILITY_MIN } from '@filon/core/serving/routing-cost';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fullDisk } from '../../../../../test/kit/full-disk.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import {
  type Experience,
  PEERS_REMEMBERED_MAX,
  RELIABILITY_OF_STRANGERS,
  RELIABILITY_OF_THE_WORST,
  Reliability,
} from './reliability.ts';

const HOUR_MS = 3_600_000;

function open() {
  const clock = createManualClock({ nowMs: 1_800_000_000_000 });
  const store = createMemoryStore();
  return { clock, store, memory: new Reliability({ clock, store }) };
}

const times = (count: number, work: () => void): void => {
  for (let i = 0; i < count; i += 1) work();
};

describe('memory of peers', () => {
  test('goes on in memory where the disk is full', () => {
    const { clock, store } = open();
    const disk = fullDisk(store);
    disk.isFull = true;
    const memory = new Reliability({ clock, store: disk.store });
    memory.note('peer', 'failed');
    expect(memory.of('peer')).toBeLessThan(RELIABILITY_OF_STRANGERS);
    expect(store.list('reliability')).toEqual([]);
    disk.isFull = false;
    memory.note('peer', 'failed');
    expect(store.list('reliability')).toMatchObject([{ key: 'peer', value: { failed: 2 } }]);
  });

  test('a stranger is neither trusted nor refused', () => {
    expect(open().memory.of('peer')).toBe(RELIABILITY_OF_STRANGERS);
  });

  test('one failure costs more than ten successes give back', () => {
    const { memory } = open();
    times(50, () => memory.note('peer', 'served'));
    const good = memory.of('peer');
    expect(good).toBeGreaterThan(0.95);
    memory.note('peer', 'failed');
    times(5, () => memory.note('peer', 'served'));
    expect(memory.of('peer')).toBeLessThan(good * 0.75);
    times(50, () => memory.note('peer', 'served'));
    expect(memory.of('peer')).toBeGreaterThan(0.95);
  });

  test('failures alone exclude nobody, and time heals them', () => {
    const { memory, clock } = open();
    times(20, () => memory.note('peer', 'failed'));
    expect(memory.of('peer')).toBeCloseTo(RELIABILITY_OF_THE_WORST);
    expect(memory.of('peer')).toBeGreaterThan(RELIABILITY_MIN);
    clock.advance(6 * HOUR_MS);
    expect(memory.of('peer')).toBeCloseTo((RELIABILITY_OF_STRANGERS + RELIABILITY_OF_THE_WORST) / 2);
  });

  test('wrong bytes exclude for a day, and for two the next time; successes do not heal them at once', () => {
    const { memory, clock } = open();
    times(50, () => memory.note('peer', 'served'));
    memory.note('peer', 'wrong');
    times(50, () => memory.note('peer', 'served'));
    expect(memory.of('peer')).toBe(0);
    clock.advance(24 * HOUR_MS);
    memory.note('peer', 'wrong');
    clock.advance(47 * HOUR_MS);
    expect(memory.of('peer')).toBe(0);
    clock.advance(HOUR_MS);
    expect(memory.of('peer')).toBeLessThan(RELIABILITY_OF_STRANGERS);
    expect(memory.of('peer')).toBeGreaterThan(RELIABILITY_MIN);
  });

  test('survives a restart, and a clock that went back', () => {
    const { memory, clock, store } = open();
    memory.note('bad', 'wrong');
    memory.note('poor', 'failed');
    const poor = memory.of('poor');
    const again = new Reliability({ clock, store });
    expect(again.of('bad')).toBe(0);
    expect(again.history('bad')).toEqual({ served: 0, failed: 0, wrong: 1 });
    clock.jump(-HOUR_MS);
    expect(again.of('poor')).toBe(poor);
  });

  test('successes are not each written', () => {
    const { memory, store, clock } = open();
    times(10, () => memory.note('peer', 'served'));
    expect(store.get('reliability', 'peer')?.served).toBe(1);
    clock.advance(60_000);
    memory.note('peer', 'served');
    expect(store.get('reliability', 'peer')?.served).toBe(11);
  });

  test('stays between 0 and 1 whatever happens', () => {
    const experience = fc.constantFrom<Experience>('served', 'failed', 'late', 'wrong');
    fc.assert(
      fc.property(fc.array(fc.tuple(experience, fc.nat(100 * HOUR_MS)), { maxLength: 50 }), (events) => {
        const { memory, clock } = open();
        for (const [one, passMs] of events) {
          const before = memory.of('peer');
          memory.note('peer', one);
          expect(memory.of('peer')).toBeGreaterThanOrEqual(one === 'served' ? before : 0);
          expect(memory.of('peer')).toBeLessThanOrEqual(one === 'served' ? 1 : before);
          clock.advance(passMs);
        }
      }),
    );
  });

  test('a flood of new identities does not wash out who was caught', () => {
    const { memory, store } = open();
    memory.note('liar', 'wrong');
    for (let i = 0; i < PEERS_REMEMBERED_MAX + 100; i += 1) memory.note(`new-${i}`, 'failed');
    expect(memory.of('liar')).toBe(0);
    expect(store.list('reliability')).toHaveLength(PEERS_REMEMBERED_MAX);
    expect(memory.of('new-0')).toBe(RELIABILITY_OF_STRANGERS);
  });
});
