import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chosenPoints, curvePicture, ticksOf } from './curve-picture.ts';

test('curves share their edges, the first step at the left, the last at the right', () => {
  const picture = curvePicture(
    [
      [
        { step: 1, value: 4 },
        { step: 11, value: 2 },
      ],
      [{ step: 6, value: 3 }],
      [],
    ],
    { isFromZero: false },
  );
  expect(picture).toEqual({
    paths: ['M0.0 0.0L300.0 100.0', 'M150.0 50.0L150.0 50.0', ''],
    ticks: [2, 2.5, 3, 3.5, 4],
    ...{ firstStep: 1, lastStep: 11 },
  });
});

test('where nothing was measured, nothing is drawn', () => {
  expect(curvePicture([[], []], { isFromZero: true })).toBeNull();
});

test('a curve from zero has zero as its lower edge', () => {
  const picture = curvePicture([[{ step: 1, value: 2e-4 }]], { isFromZero: true });
  expect(picture?.ticks).toEqual([0, 5e-5, 1e-4, 1.5e-4, 2e-4]);
});

test('whatever the values, edges are around them, few lines lie between, and nothing leaves the picture', () => {
  const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
      const ticks = ticksOf(Math.min(...values), Math.max(...values));
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(8);
      const points = values.map((each, step) => ({ step, value: each }));
      const path = curvePicture([points], { isFromZero: false })?.paths[0] ?? '';
      for (const [x = Number.NaN, y = Number.NaN] of path
        .slice(1)
        .split('L')
        .map((place) => place.split(' ').map(Number))) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(300);
        expect(y).toBeGreaterThanOrEqual(-0.1);
        expect(y).toBeLessThanOrEqual(100.1);
      }
    }),
  );
});

test('of many points those are chosen that lie evenly, with both ends', () => {
  const points = Array.from({ length: 101 }, (_, at) => at);
  expect(chosenPoints(points, 5)).toEqual([0, 25, 50, 75, 100]);
  expect(chosenPoints([1, 2], 5)).toEqual([1, 2]);
});
