import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HangWatch } from './hang-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(): { watch: HangWatch; hangs: () => number } {
  let hangs = 0;
  return { watch: new HangWatch(1000, () => (hangs += 1)), hangs: () => hangs };
}

test('work without a sign of life hangs', () => {
  const { watch, hangs } = watched();
  watch.watch(true);
  vi.advanceTimersByTime(999);
  expect(hangs()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(hangs()).toBe(1);
});

test('further work is no sign of life', () => {
  const { watch, hangs } = watched();
  for (let ms = 0; ms < 1000; ms += 100) {
    watch.watch(true);
    vi.advanceTimersByTime(100);
  }
  expect(hangs()).toBe(1);
});

test('silence adds up over work that was given up', () => {
  const { watch, hangs } = watched();
  for (let times = 0; times < 3; times += 1) {
    watch.watch(true);
    vi.advanceTimersByTime(300);
    watch.watch(false);
    vi.advanceTimersByTime(5000);
  }
  expect(hangs()).toBe(0);
  watch.watch(true);
  vi.advanceTimersByTime(100);
  expect(hangs()).toBe(1);
});

test('a sign of life is a new beginning, with the whole time', () => {
  const { watch, hangs } = watched();
  watch.watch(true);
  vi.advanceTimersByTime(900);
  watch.watch(false);
  watch.watch(true);
  watch.heard();
  vi.advanceTimersByTime(999);
  watch.heard();
  vi.advanceTimersByTime(999);
  expect(hangs()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(hangs()).toBe(1);
});

test('nothing hangs without work', () => {
  const { watch, hangs } = watched();
  watch.watch(true);
  watch.watch(false);
  vi.advanceTimersByTime(10_000);
  watch.watch(true);
  watch.stop();
  vi.advanceTimersByTime(10_000);
  expect(hangs()).toBe(0);
});
