import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CURVE_POINTS_MAX, CurveMaker } from './curves.ts';
import type { Metric } from './run.ts';

const stepOf = (step: number, loss: number): Metric => ({
  ...{ kind: 'step', step, loss, gradientNorm: loss * 2, learningRate: 0.01, tokens: 1, ms: 1 },
});

function curvesOf(metrics: readonly Metric[]) {
  const maker = new CurveMaker();
  for (const metric of metrics) maker.add(metric);
  return maker.curves;
}

test('a short run is drawn as it was measured', () => {
  const { steps, validation } = curvesOf([
    ...[stepOf(1, 5.5), stepOf(2, 4.25)],
    { kind: 'validation', step: 2, loss: 4.5, tokens: 9 },
  ]);
  expect(steps).toEqual([
    { step: 1, loss: 5.5, gradientNorm: 11, learningRate: 0.01 },
    { step: 2, loss: 4.25, gradientNorm: 8.5, learningRate: 0.01 },
  ]);
  expect(validation).toEqual([{ step: 2, loss: 4.5 }]);
});

test('however long a run is, its points are few, ascend, end with the last step and keep the mean', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), (count) => {
      const { steps } = curvesOf(Array.from({ length: count }, (_, at) => stepOf(at + 1, 2)));
      expect(steps.length).toBeLessThanOrEqual(CURVE_POINTS_MAX);
      expect(steps.length).toBeGreaterThanOrEqual(Math.min(count, CURVE_POINTS_MAX / 2));
      expect(steps.at(-1)?.step).toBe(count);
      for (const [at, { step, loss }] of steps.entries()) {
        expect(step).toBeGreaterThan(steps[at - 1]?.step ?? 0);
        expect(loss).toBe(2);
      }
    }),
    { numRuns: 40 },
  );
});

test('neighbours become their mean', () => {
  const count = CURVE_POINTS_MAX + 1;
  const { steps } = curvesOf(Array.from({ length: count }, (_, at) => stepOf(at + 1, at % 2 === 0 ? 1 : 3)));
  expect(steps[0]).toEqual({ step: 2, loss: 2, gradientNorm: 4, learningRate: 0.01 });
  expect(steps.at(-1)).toMatchObject({ step: count, loss: 1 });
});

test('steps that are taken again replace what came of them the first time', () => {
  const { steps } = curvesOf([stepOf(1, 5), stepOf(2, 4), stepOf(3, 9), stepOf(2, 4), stepOf(3, 3)]);
  expect(steps.map(({ step, loss }) => [step, loss])).toEqual([
    [1, 5],
    [2, 4],
    [3, 3],
  ]);
});
