import { expect, test } from 'vitest';
import { agoText, bytesText, countText, durationText, rateText, shareText } from './measures.ts';

test.each([
  [0, '0 B', '0 B'],
  [999, '999 B', '999 B'],
  [1000, '1 kB', '1 kB'],
  [98_362_432, '98.4 MB', '98,4 MB'],
  [999_600_000, '1 GB', '1 GB'],
  [2 ** 34, '17.2 GB', '17,2 GB'],
])('%d bytes', (bytes, en, es) => {
  expect(bytesText('en', bytes)).toBe(en);
  expect(bytesText('es', bytes)).toBe(es);
});

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

test('counts, speeds and shares in the language of the reader', () => {
  expect(countText('es', 1_234_567)).toBe('1.234.567');
  expect(rateText('en', 12.34)).toBe('12.3');
  expect(rateText('en', 140.4)).toBe('140');
  expect(shareText('en', 0.43)).toBe('43%');
});

test('a share below the whole is never shown as the whole', () => {
  expect(shareText('en', 0.9999)).toBe('99%');
  expect(shareText('en', 1)).toBe('100%');
  expect(shareText('en', 7)).toBe('100%');
});

test('how long ago', () => {
  expect(agoText('en', 0)).toBe('now');
  expect(agoText('en', 61_000)).toBe('1 minute ago');
  expect(agoText('es', 7_300_000)).toBe('hace 2 horas');
});
