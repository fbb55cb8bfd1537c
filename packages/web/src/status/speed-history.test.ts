import { expect, test } from 'vitest';
import { EMPTY_HISTORY, HISTORY_MS, type Reading, speedsOf, withReading } from './speed-history.ts';

const readings = (...list: [atMs: number, generatedTokens: number, uptimeSeconds?: number][]): Reading[] =>
  list.map(([atMs, generatedTokens, uptimeSeconds = atMs / 1000]) => ({
    ...{ atMs, generatedTokens, uptimeSeconds },
  }));

const historyOf = (...list: Parameters<typeof readings>) =>
  readings(...list).reduce(withReading, EMPTY_HISTORY);

const speeds = (...list: Parameters<typeof readings>) =>
  historyOf(...list).samples.map(({ perSecond }) => perSecond);

test('the speed is what was written between two readings', () => {
  expect(speeds([0, 100], [2000, 140], [4000, 140], [6000, 200])).toEqual([null, 20, 0, 30]);
  expect(speedsOf(historyOf([0, 100], [2000, 140], [4000, 150]))).toEqual({ now: 5, max: 20 });
});

test('nothing is made up for the time that nobody looked', () => {
  expect(speeds([0, 0], [2000, 20], [60_000, 9000], [62_000, 9010])).toEqual([null, 10, null, 5]);
});

test('a node that was started again begins anew', () => {
  expect(speeds([60_000, 900], [62_000, 5, 1], [64_000, 9, 3])).toEqual([null, null, 2]);
  expect(speeds([60_000, 900, 60], [62_000, 5, 60])).toEqual([null, null]);
});

test('two readings at once are one', () => {
  expect(speeds([0, 0], [1, 50], [2000, 50])).toEqual([null, 25]);
});

test('forgets what is older than the picture', () => {
  const steps = Array.from({ length: 400 }, (_, step) => [step * 2000, step * 10] as [number, number]);
  const { samples } = historyOf(...steps);
  expect(samples).toHaveLength(HISTORY_MS / 2000);
  expect(samples.every(({ perSecond }) => perSecond === 5)).toBe(true);
});

test('an empty history stands still', () => {
  expect(speedsOf(EMPTY_HISTORY)).toEqual({ now: 0, max: 0 });
});
