import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StallWatch } from './stall-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(): { stall: StallWatch; stalls: () => number } {
  let stalls = 0;
  return { stall: new StallWatch(1000, () => (stalls += 1)), stalls: () => stalls };
}

test('work without a sign of life is a stall', () => {
  const { stall, stalls } = watched();
  stall.watch(true);
  vi.advanceTimersByTime(999);
  expect(stalls()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(stalls()).toBe(1);
});

test('further work is no sign of life', () => {
  const { stall, stalls } = watched();
  for (let ms = 0; ms < 1000; ms += 100) {
    stall.watch(true);
    vi.advanceTimersByTime(100);
  }
  expect(stalls()).toBe(1);
});

test('silence adds up over work that was given up', () => {
  const { stall, stalls } = watched();
  for (let times = 0; times < 3; times += 1) {
    stall.watch(true);
    vi.advanceTimersByTime(300);
    stall.watch(false);
    vi.advanceTimersByTime(5000);
  }
  expect(stalls()).toBe(0);
  stall.watch(true);
  vi.advanceTimersByTime(100);
  expect(stalls()).toBe(1);
});

test('a sign of life is a new beginning, with the whole time', () => {
  const { stall, stalls } = watched();
  stall.watch(true);
  vi.advanceTimersByTime(900);
  stall.watch(false);
  stall.watch(true);
  stall.heard();
  vi.advanceTimersByTime(999);
  stall.heard();
  vi.advanceTimersByTime(999);
  expect(stalls()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(stalls()).toBe(1);
});

test('nothing stalls without work', () => {
  const { stall, stalls } = watched();
  stall.watch(true);
  stall.watch(false);
  vi.advanceTimersByTime(10_000);
  stall.watch(true);
  stall.stop();
  vi.advanceTimersByTime(10_000);
  expect(stalls()).toBe(0);
});
