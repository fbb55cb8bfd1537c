import { expect, test } from 'vitest';
import { createDecodeMeter } from './decode-meter.ts';

function metered() {
  const now = { wallMs: 100, cpuMs: 0 };
  const pass = (wallMs: number, cpuMs: number): void => {
    now.wallMs += wallMs;
    now.cpuMs += cpuMs;
  };
  return { meter: createDecodeMeter(() => ({ ...now })), pass };
}

test('a decode alone takes what passed', () => {
  const { meter, pass } = metered();
  const end = meter.begin();
  pass(8, 15);
  expect(end()).toEqual({ wallMs: 8, cpuMs: 15 });
  pass(50, 1);
  const next = meter.begin();
  pass(9, 18);
  expect(next()).toEqual({ wallMs: 9, cpuMs: 18 });
});

test('of decodes that wait for one another each takes its own turn alone', () => {
  const { meter, pass } = metered();
  const first = meter.begin();
  pass(1, 2);
  const second = meter.begin();
  const third = meter.begin();
  pass(7, 14);
  expect(first()).toEqual({ wallMs: 8, cpuMs: 16 });
  pass(20, 6);
  expect(second()).toEqual({ wallMs: 20, cpuMs: 6 });
  pass(5, 5);
  expect(third()).toEqual({ wallMs: 5, cpuMs: 5 });
});
