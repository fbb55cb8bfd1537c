import { expect, test } from 'vitest';
import type { RelayRow } from '../../ports/store.ts';
import { RelayBudget } from './relay-budget.ts';

const DAY_MS = 86_400_000;
const OFFER = { bytesPerDayMax: 100, circuitsMax: 2, circuitsPerPeerMax: 1, circuitMsMax: null };

/** One home through several lives of its node; `next` is a kill and a new start. */
function openHome(offer = OFFER) {
  let nowMs = 1_700_000_000_000;
  let grownMs = 5;
  let kept: RelayRow | undefined;
  let writes = 0;
  let bytesMax = offer.bytesPerDayMax;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => grownMs,
    sleep: () => Promise.reject(new RangeError('unused')),
  };
  const memory = {
    read: () => kept,
    write: (row: RelayRow) => {
      kept = row;
      expect(row.bytesToday).toBeLessThanOrEqual(bytesMax);
      writes += 1;
    },
  };
  return {
    next: (bytesPerDayMax = offer.bytesPerDayMax) => {
      grownMs = 3;
      bytesMax = bytesPerDayMax;
      return new RelayBudget({ ...offer, bytesPerDayMax }, clock, memory);
    },
    pass: (durationMs: number) => {
      nowMs += durationMs;
      grownMs += durationMs;
    },
    setBack: (byMs: number) => {
      nowMs -= byMs;
    },
    writes: () => writes,
  };
}

test('bytes are counted, and what does not fit ends the day', () => {
  const { next, pass } = openHome();
  const budget = next();
  expect([budget.spend(60), budget.spend(41), budget.spend(1)]).toEqual([true, false, false]);
  expect(budget.enter('a')).toBe('RELAY_BYTES_USED_UP');
  expect(budget.use()).toEqual({ circuits: 0, bytes: 60, bytesToday: 60, bytesPerDayMax: 100, refused: 1 });
  pass(DAY_MS - 1);
  expect(budget.limit('a')).toBe('RELAY_BYTES_USED_UP');
  pass(1);
  expect(budget.limit('a')).toBeNull();
  expect(budget.spend(100)).toBe(true);
  expect(budget.use()).toMatchObject({ bytes: 160, bytesToday: 100 });
});

test('places are taken and given back, by peer and in all', () => {
  const budget = openHome().next();
  const first = budget.enter('a');
  expect(budget.enter('a')).toBe('RELAY_FULL');
  expect(typeof budget.enter('b')).toBe('object');
  expect(budget.enter('c')).toBe('RELAY_FULL');
  if (typeof first === 'object') first[Symbol.dispose]();
  expect(typeof budget.enter('a')).toBe('object');
  expect(budget.use()).toMatchObject({ circuits: 2, refused: 2 });
});

test('a node that is killed again and again never passes on more than its owner offers', () => {
  const bytesPerDayMax = 10_000_000;
  const home = openHome({ ...OFFER, bytesPerDayMax });
  let passedOn = 0;
  for (let life = 0; life < 200; life += 1) {
    const budget = home.next();
    for (let frame = 0; frame < 10; frame += 1) passedOn += budget.spend(9000) ? 9000 : 0;
    const { bytes, bytesToday } = budget.use();
    expect(bytesToday).toBeGreaterThanOrEqual(passedOn);
    expect(bytes).toBe(bytesToday);
  }
  expect(passedOn).toBeLessThanOrEqual(bytesPerDayMax);
  // What was written down ahead is lost at each kill, and no more than that.
  expect(passedOn).toBeGreaterThan(bytesPerDayMax / 3);
});

test('a node that stops by itself loses nothing, and writes a hundred times a day', () => {
  const bytesPerDayMax = 100_000_000;
  const home = openHome({ ...OFFER, bytesPerDayMax });
  const budget = home.next();
  while (budget.spend(16_000));
  expect(home.writes()).toBeLessThanOrEqual(102);
  const { bytes, bytesToday } = budget.use();
  expect(bytesToday).toBeGreaterThan(bytesPerDayMax - 16_000);
  budget[Symbol.dispose]();
  expect(budget.spend(1)).toBe(false);
  expect(home.next().use()).toMatchObject({ bytes, bytesToday });
});

test('a day goes on while the node is off, and a clock that is set back gives nothing out twice', () => {
  const home = openHome();
  const first = home.next();
  expect(first.spend(70)).toBe(true);
  first[Symbol.dispose]();
  home.pass(DAY_MS / 2);
  expect(home.next().use()).toMatchObject({ bytes: 70, bytesToday: 70 });
  home.setBack(3 * DAY_MS);
  const second = home.next();
  expect(second.spend(31)).toBe(false);
  home.setBack(-3 * DAY_MS);
  home.pass(DAY_MS / 2);
  expect(home.next().use()).toMatchObject({ bytes: 70, bytesToday: 0 });
});

test('an owner who offers more is taken at the new word', () => {
  const home = openHome();
  const budget = home.next();
  expect([budget.spend(90), budget.spend(20)]).toEqual([true, false]);
  budget[Symbol.dispose]();
  expect(home.next(200).spend(20)).toBe(true);
});
