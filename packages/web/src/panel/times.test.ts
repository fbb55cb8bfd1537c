import { expect, test } from 'vitest';
import { agoText, durationText, shareText } from './times.ts';

test.each([
  [-5, '0 s'],
  [40_400, '40 s'],
  [59_600, '1 min'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [356_400_000, '4 d 3 h'],
])('%d ms', (durationMs, text) => {
  expect(durationText(durationMs)).toBe(text);
});

test('a share below the whole is never shown as the whole', () => {
  expect(shareText(0.43, 'en')).toBe('43%');
  expect(shareText(0.9999, 'en')).toBe('99%');
  expect(shareText(1, 'en')).toBe('100%');
  expect(shareText(7, 'en')).toBe('100%');
  expect(shareText(-1, 'en')).toBe('0%');
});

test('how long ago', () => {
  expect(agoText(0, 'en')).toBe('now');
  expect(agoText(61_000, 'en')).toBe('1 min. ago');
  expect(agoText(7_300_000, 'es')).toBe('hace 2 h');
  expect(agoText(-500, 'en')).toBe('now');
});
