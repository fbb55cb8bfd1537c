import { expect, test } from 'vitest';
import { speedPaths, topOf } from './speed-path.ts';

test.each([
  [0, 5],
  [4.9, 5],
  [5.1, 10],
  [17, 20],
  [21, 50],
  [50, 50],
  [51, 100],
  [730, 1000],
])('over %d stands %d', (max, top) => {
  expect(topOf(max)).toBe(top);
});

test('the newest is at the right edge, five minutes are the width, the top is up', () => {
  const { line, area } = speedPaths(
    [
      { atMs: 0, perSecond: null },
      { atMs: 150_000, perSecond: 5 },
      { atMs: 300_000, perSecond: 10 },
    ],
    10,
  );
  expect(line).toBe('M0.0 50.0L150.0 50.0L300.0 0.0');
  expect(area).toBe('M0.0 100L0.0 50.0L150.0 50.0L300.0 0.0V100Z');
});

test('nothing is drawn over a gap', () => {
  const { line } = speedPaths(
    [
      { atMs: 0, perSecond: null },
      { atMs: 60_000, perSecond: 5 },
      { atMs: 240_000, perSecond: null },
      { atMs: 300_000, perSecond: 5 },
    ],
    5,
  );
  expect(line).toBe('M0.0 0.0L60.0 0.0M240.0 0.0L300.0 0.0');
});

test('one reading is no line', () => {
  expect(speedPaths([{ atMs: 7, perSecond: null }], 5)).toEqual({ line: '', area: '' });
  expect(speedPaths([], 5)).toEqual({ line: '', area: '' });
});
