import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  adapterParametersOf,
  flopsPerToken,
  type ModelShape,
  PROJECTIONS,
  parametersOf,
  type QuoteInput,
  quoteOf,
  tokensOf,
} from './quote.ts';

/** SmolLM2-135M, whose card says 134.5 million. */
const smollm2: ModelShape = {
  ...{ layers: 30, width: 576, heads: 9, kvHeads: 3, feedForward: 1536, vocabularySize: 49_152, tied: true },
};
const work = { shape: smollm2, length: 256, adapterParameters: null, recomputes: false };

const input: QuoteInput = {
  tokens: 3_600_000,
  tokensPerSecond: 1000,
  flopsPerSecond: null,
  flopsPerToken: 1e9,
  watts: 250,
  pricePerKwh: 0.32,
  disk: { trainedParameters: 1_000_000, moments: 2, keepCheckpoints: 3, resultBytes: 500, shardBytes: 70 },
};

describe('sizes', () => {
  test('of a known model', () => {
    expect(parametersOf(smollm2)).toBe(134_515_008);
    expect(parametersOf({ ...smollm2, tied: false }) - parametersOf(smollm2)).toBe(49_152 * 576);
  });

  test('of its LoRA at rank 16: what PEFT counts for all seven projections', () => {
    expect(adapterParametersOf(smollm2, { rank: 16, projections: PROJECTIONS })).toBe(4_884_480);
    expect(adapterParametersOf(smollm2, { rank: 16, projections: ['q', 'v'] })).toBe(
      30 * 16 * (576 + 576 + 576 + 192),
    );
  });
});

describe('work', () => {
  test('is 6N and attention for a model, less for a LoRA, more with recomputation', () => {
    const attention = 12 * 256 * 576 * 30;
    expect(flopsPerToken(work)).toBe(6 * 134_515_008 + attention);
    const lora = flopsPerToken({ ...work, adapterParameters: 4_884_480 });
    expect(lora).toBe(4 * 134_515_008 + 6 * 4_884_480 + attention);
    const again = flopsPerToken({ ...work, recomputes: true });
    expect(again - flopsPerToken(work)).toBe(2 * 134_515_008 + attention / 3);
  });

  test('does not grow when the output gets a matrix of its own', () => {
    expect(flopsPerToken({ ...work, shape: { ...smollm2, tied: false } })).toBe(flopsPerToken(work));
  });

  test('tokens of a run', () => {
    expect(tokensOf({ steps: 200, accumulate: 2, sequences: 8, length: 256 })).toBe(819_200);
  });
});

describe('a quote', () => {
  test('an hour at 250 W, four checkpoints of three values a parameter at once', () => {
    expect(quoteOf(input)).toEqual({
      ...{ seconds: 3600, measured: true, kwh: 0.25, cost: 0.08 },
      diskBytes: 4 * 12_000_000 + 570,
    });
  });

  test('without a measured speed comes from the work, and says so', () => {
    const quote = quoteOf({ ...input, tokensPerSecond: null, flopsPerSecond: 1e12 });
    expect(quote).toMatchObject({ seconds: 3600, measured: false });
  });

  test('what nobody measured stays unknown', () => {
    const dark = quoteOf({ ...input, watts: null });
    expect(dark).toMatchObject({ seconds: 3600, kwh: null, cost: null });
    expect(quoteOf({ ...input, pricePerKwh: null })).toMatchObject({ kwh: 0.25, cost: null });
    const slow = quoteOf({ ...input, tokensPerSecond: null });
    expect(slow).toMatchObject({ seconds: null, measured: false, kwh: null, cost: null });
  });

  test('grows in proportion to the tokens', () => {
    const factor = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(factor, (times) => {
        const more = quoteOf({ ...input, tokens: input.tokens * times });
        expect(more.cost).toBeCloseTo(0.08 * times, 6);
        expect(more.diskBytes).toBe(quoteOf(input).diskBytes);
      }),
    );
  });
});
