import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitOf } from './fit.ts';

const bytes = fc.nat({ max: 1e12 });
const wantsArb = fc.record({ memoryBytes: bytes, diskBytes: bytes });
const placeArb = fc.record({ memoryBytes: bytes, diskFreeBytes: bytes });

test('a model fits where both its memory and its file have room', () => {
  fc.assert(
    fc.property(wantsArb, placeArb, (wants, place) => {
      const room = wants.memoryBytes <= place.memoryBytes && wants.diskBytes <= place.diskFreeBytes;
      expect(fitOf(wants, place).fits).toBe(room);
    }),
  );
});

test('what lacks is said, memory first, with both figures', () => {
  const wants = { memoryBytes: 8e9, diskBytes: 5e9 };
  expect(fitOf(wants, { memoryBytes: 4e9, diskFreeBytes: 0 })).toEqual({
    ...{ fits: false, lacks: 'memory', neededBytes: 8e9, haveBytes: 4e9 },
  });
  expect(fitOf(wants, { memoryBytes: 8e9, diskFreeBytes: 1e9 })).toEqual({
    ...{ fits: false, lacks: 'disk', neededBytes: 5e9, haveBytes: 1e9 },
  });
});
