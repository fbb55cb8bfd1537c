import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyName } from './key-name.ts';

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
const beginning = (...bytes: number[]): string =>
  keyOf(Uint8Array.from({ length: 32 }, (_, i) => bytes[i] ?? 7));

test.each([
  [[127, 0, 0, 1], 'lusab-babad'],
  [[63, 84, 220, 193], 'gutih-tugad'],
  [[216, 35, 68, 215], 'tobog-higil'],
  [[140, 98, 193, 141], 'mudof-sakat'],
])('%j is %s, as the paper has it', (bytes, name) => {
  expect(keyName(beginning(...bytes))).toBe(name);
});

test('every key has a name, and its first four bytes alone make it', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      const name = keyName(keyOf(one));
      expect(name).toMatch(
        /^([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]-([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz]$/,
      );
      const same = Buffer.compare(one.subarray(0, 4), other.subarray(0, 4)) === 0;
      expect(keyName(keyOf(other)) === name).toBe(same);
    }),
  );
});
