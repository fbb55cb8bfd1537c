import { expect, test } from 'vitest';
import { formatBytes } from './units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [98_362_432, '98.4 MB'],
  [999_600, '1.00 MB'],
  [4_680_000_000, '4.68 GB'],
  [123_000_000_000_000_000, '123000 TB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
