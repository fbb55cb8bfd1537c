import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { learningRateAt, SCHEDULE_KINDS, type Schedule } from './schedule.ts';

const base: Schedule = {
  kind: 'constant',
  peak: 0.004,
  steps: 100,
  warmupSteps: 10,
  finalShare: 0,
  decayShare: 0.2,
};

const anySchedule: fc.Arbitrary<Schedule> = fc
  .record({
    kind: fc.constantFrom(...SCHEDULE_KINDS),
    peak: fc.double({ min: 1e-7, max: 1, noNaN: true }),
    steps: fc.integer({ min: 1, max: 5000 }),
    warmupShare: fc.double({ min: 0, max: 1, noNaN: true }),
    finalShare: fc.double({ min: 0, max: 1, noNaN: true }),
    decayShare: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ warmupShare, ...rest }) => ({ ...rest, warmupSteps: Math.floor(rest.steps * warmupShare) }));

describe('learning rates', () => {
  test('warm up in a line to the peak', () => {
    expect([0, 4, 9, 10].map((step) => learningRateAt(base, step))).toEqual([0.0004, 0.002, 0.004, 0.004]);
    expect(learningRateAt({ ...base, warmupSteps: 0 }, 0)).toBe(0.004);
  });

  test('cosine: half of the way at half of the time, the final rate at the last step', () => {
    const cosine: Schedule = { ...base, kind: 'cosine', finalShare: 0.1 };
    expect(learningRateAt(cosine, 54)).toBeCloseTo(0.004 * 0.55, 12);
    expect(learningRateAt(cosine, 99)).toBeCloseTo(0.0004, 12);
    expect(learningRateAt(cosine, 32)).toBeGreaterThan(learningRateAt(cosine, 33));
  });

  test('wsd: the peak until the last share, then 1 - sqrt', () => {
    const wsd: Schedule = { ...base, kind: 'wsd' };
    expect(learningRateAt(wsd, 79)).toBe(0.004);
    expect(learningRateAt(wsd, 84)).toBeCloseTo(0.004 * (1 - Math.sqrt(0.25)), 12);
    expect(learningRateAt(wsd, 99)).toBeCloseTo(0, 12);
  });

  test('wsd decays over what a long warm-up left', () => {
    const wsd: Schedule = { ...base, kind: 'wsd', warmupSteps: 90, decayShare: 0.5 };
    expect(learningRateAt(wsd, 89)).toBe(0.004);
    expect(learningRateAt(wsd, 90)).toBeLessThan(0.004);
    expect(learningRateAt(wsd, 99)).toBeCloseTo(0, 12);
  });

  test('of any schedule: finite, at most the peak, never rising after warm-up, at the end the final rate', () => {
    fc.assert(
      fc.property(anySchedule, fc.nat({ max: 6000 }), (schedule, step) => {
        const { peak, warmupSteps, finalShare, steps, kind } = schedule;
        const rate = learningRateAt(schedule, step);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(peak * (1 + 1e-12));
        const next = learningRateAt(schedule, step + 1);
        if (step >= warmupSteps) expect(next).toBeLessThanOrEqual(rate * (1 + 1e-12));
        const decays = kind === 'cosine' || Math.round(steps * schedule.decayShare) > 0;
        if (kind !== 'constant' && decays && warmupSteps < steps)
          expect(learningRateAt(schedule, steps + 3)).toBeCloseTo(peak * finalShare, 10);
      }),
    );
  });
});
