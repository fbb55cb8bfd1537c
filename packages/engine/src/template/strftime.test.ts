import { expect, test } from 'vitest';
import { strftime } from './strftime.ts';

test('writes dates in English, and leaves what it does not know', () => {
  const evening = new Date(2024, 6, 4, 21, 5, 9);
  expect(strftime('%A %a, %d %B (%b) %Y/%y-%m', evening)).toBe('Thursday Thu, 04 July (Jul) 2024/24-07');
  expect(strftime('%H:%M:%S = %I %p, 100%% %Q %', evening)).toBe('21:05:09 = 09 PM, 100% %Q %');
  expect(strftime('%I %p', new Date(2024, 0, 1, 0))).toBe('12 AM');
});
