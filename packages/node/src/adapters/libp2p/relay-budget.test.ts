import { expect, test } from 'vitest';
import { RelayBudget } from './relay-budget.ts';

function openBudget() {
  let nowMs = 5;
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => Promise.reject(new RangeError('unused')),
  };
  const offer = { bytesPerDayMax: 100, circuitsMax: 2, circuitsPerPeerMax: 1, circuitMsMax: null };
  return { budget: new RelayBudget(offer, clock), pass: (durationMs: number) => (nowMs += durationMs) };
}

test('bytes are counted, and what does not fit ends the day', () => {
  const { budget, pass } = openBudget();
  expect([budget.spend(60), budget.spend(41), budget.spend(1)]).toEqual([true, false, false]);
  expect(budget.enter('a')).toBe('RELAY_BYTES_USED_UP');
  expect(budget.use()).toEqual({ circuits: 0, bytes: 60, bytesToday: 60, refused: 1 });
  pass(86_399_999);
  expect(budget.limit('a')).toBe('RELAY_BYTES_USED_UP');
  pass(1);
  expect(budget.limit('a')).toBeNull();
  expect(budget.spend(100)).toBe(true);
  expect(budget.use()).toMatchObject({ bytes: 160, bytesToday: 100 });
});

test('places are taken and given back, by peer and in all', () => {
  const { budget } = openBudget();
  const first = budget.enter('a');
  expect(budget.enter('a')).toBe('RELAY_FULL');
  expect(typeof budget.enter('b')).toBe('object');
  expect(budget.enter('c')).toBe('RELAY_FULL');
  if (typeof first === 'object') first[Symbol.dispose]();
  expect(typeof budget.enter('a')).toBe('object');
  expect(budget.use()).toMatchObject({ circuits: 2, refused: 2 });
});
