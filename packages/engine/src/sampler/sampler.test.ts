import { DEFAULT_SAMPLING, type Sampling } from '@filon/core/serving/sampling';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exp, ln } from './float-math.ts';
import type { GrammarGate } from './grammar-gate.ts';
import { gumbel, noiseBits, noiseStream } from './noise.ts';
import { createSampler } from './sampler.ts';
import { openSamplingState } from './sampling-state.ts';

/** The rule of the protocol page written for reading: sorts everything, spares nothing. */
function referenceDraw(logits: readonly number[], sampling: Sampling, position: number): number {
  const { temperature: t, topK, topP, minP, seed } = sampling;
  const ranked = logits
    .map((logit, token) => ({ logit, token }))
    .filter(({ logit }) => logit > Number.NEGATIVE_INFINITY)
    .sort((a, b) => b.logit - a.logit || a.token - b.token);
  if (t < 0.001 || topK === 1) return ranked[0]?.token ?? -1;
  const keepsAll = topK === 0 || topK >= logits.length;
  const truncates = !(keepsAll && topP === 1 && minP === 0);
  let kept = truncates ? ranked.slice(0, keepsAll ? 64 : Math.min(topK, 64)) : ranked;
  const max = ranked[0]?.logit ?? 0;
  if (topP < 1) {
    const weigh = (entry: { logit: number }): number => exp((entry.logit - max) / t);
    const mass = (keepsAll ? ranked : kept).reduce((sum, entry) => sum + weigh(entry), 0);
    let sum = 0;
    kept = kept.filter((entry, index) => {
      if (index > 0 && sum >= topP * mass) return false;
      sum += weigh(entry);
      return true;
    });
  }
  if (minP > 0) kept = kept.filter(({ logit }) => logit >= max + t * ln(minP));
  const stream = noiseStream(seed, position);
  const scoreOf = (entry: { logit: number; token: number }): number =>
    entry.logit / t + gumbel(noiseBits(stream, entry.token));
  return kept.reduce(
    (best, entry) => {
      const value = scoreOf(entry);
      return value > best.value || (value === best.value && entry.token < best.token)
        ? { value, token: entry.token }
        : best;
    },
    { value: Number.NEGATIVE_INFINITY, token: -1 },
  ).token;
}

const sampling = fc.record({
  temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 5, noNaN: true })),
  topK: fc.oneof(fc.constant(0), fc.nat(200)),
  topP: fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 1, noNaN: true })),
  minP: fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1, noNaN: true })),
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
});
const logit = fc.oneof(
  { weight: 8, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
  { weight: 2, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NEGATIVE_INFINITY, Number.NaN) },
);
const vocab = fc.array(logit, { minLength: 1, maxLength: 300 });

function stateFor(changes: Partial<Sampling>, tokens: number[] = [], promptTokens: number = tokens.length) {
  return openSamplingState({ sampling: { ...DEFAULT_SAMPLING, ...changes }, tokens, promptTokens });
}

describe('draw', () => {
  test('equals the rule as written', () => {
    fc.assert(
      fc.property(vocab, sampling, fc.nat(1000), (values, chosen, position) => {
        fc.pre(values.some((value) => value > Number.NEGATIVE_INFINITY));
        const logits = Float32Array.from(values);
        const state = stateFor(chosen, new Array<number>(position).fill(0));
        const expected = referenceDraw([...logits], state.sampling, position);
        expect(createSampler(logits.length).draw(logits, state)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test('draws without truncation over a large vocabulary as the rule says', () => {
    const logits = Float32Array.from({ length: 20_000 }, (_, i) => ((i * 7919) % 1009) / 100);
    const sampler = createSampler(logits.length);
    for (let seed = 0n; seed < 20n; seed++) {
      const state = stateFor({ temperature: 1, topK: 0, minP: 0, seed });
      expect(sampler.draw(logits, state)).toBe(referenceDraw([...logits], state.sampling, 0));
    }
  });

  test('follows the probabilities', () => {
    const chances = [0.5, 0.25, 0.15, 0.1];
    const logits = Float32Array.from(chances, Math.log);
    const sampler = createSampler(4);
    for (const topK of [0, 4]) {
      const counts = [0, 0, 0, 0];
      const state = stateFor({ temperature: 1, topK, minP: 0, seed: 11n });
      for (let i = 0; i < 20_000; i++) {
        const token = sampler.draw(logits, state);
        counts[token] = (counts[token] ?? 0) + 1;
        state.push(token);
      }
      const chi2 = chances.reduce(
        (sum, p, i) => sum + ((counts[i] ?? 0) - 20_000 * p) ** 2 / (20_000 * p),
        0,
      );
      expect(chi2).toBeLessThan(25);
    }
  });

  test('at temperature 0 takes the lowest id of equal logits', () => {
    const logits = Float32Array.from([1, 3, 3, 2]);
    expect(createSampler(4).draw(logits, stateFor({ temperature: 0 }))).toBe(1);
  });

  test('leaves the logits as they were', () => {
    const logits = Float32Array.from([1, 2, 3]);
    const state = stateFor({ repetitionPenalty: 2, logitBias: [[0, 5]] }, [1, 2]);
    createSampler(3).draw(logits, state, { accepts: () => false, mask: (all) => all.fill(0, 1) });
    expect([...logits]).toEqual([1, 2, 3]);
  });

  test('refuses logits that hold nothing to draw', () => {
    const sampler = createSampler(2);
    const draw = (values: number[], changes: Partial<Sampling>) =>
      sampler.draw(Float32Array.from(values), stateFor(changes));
    for (const changes of [{ temperature: 0 }, {}, { topK: 0, minP: 0 }]) {
      expect(() => draw([Number.NaN, Number.NEGATIVE_INFINITY], changes)).toThrow(
        expect.objectContaining({ details: { code: 'SAMPLER_NO_TOKEN', position: 0, reason: 'logits' } }),
      );
      expect(() => draw([1, Number.POSITIVE_INFINITY], changes)).toThrow(/no usable logits/);
    }
  });
});

describe('bias and penalties', () => {
  const greedy = { temperature: 0 };
  const sampler = createSampler(3);

  test('a bias moves a token, and -100 forbids it', () => {
    const logits = Float32Array.from([500, 2, 1]);
    expect(sampler.draw(logits, stateFor({ ...greedy, logitBias: [[0, -100]] }))).toBe(1);
    const both = stateFor({
      ...greedy,
      logitBias: [
        [0, -100],
        [2, 1.5],
      ],
    });
    expect(sampler.draw(logits, both)).toBe(2);
  });

  test('a bias for a token beyond the vocabulary changes nothing', () => {
    expect(sampler.draw(Float32Array.from([1, 2, 3]), stateFor({ ...greedy, logitBias: [[99, 50]] }))).toBe(
      2,
    );
  });

  test('repetition looks at the last tokens of prompt and answer', () => {
    const logits = Float32Array.from([3, 2, -1]);
    const seen = (tokens: number[]) =>
      stateFor({ ...greedy, repetitionPenalty: 2, repetitionWindowTokens: 2 }, tokens);
    expect(sampler.draw(logits, seen([0]))).toBe(1);
    expect(sampler.draw(logits, seen([0, 2, 2]))).toBe(0);
    // A negative logit is multiplied: -1 becomes -2 and loses to -1.5.
    expect(sampler.draw(Float32Array.from([-1, -1.5, -9]), seen([0]))).toBe(1);
  });

  test('presence and frequency count generated tokens only', () => {
    const logits = Float32Array.from([3, 2, 1]);
    const after = (changes: Partial<Sampling>, tokens: number[], promptTokens: number) =>
      sampler.draw(logits, stateFor({ ...greedy, ...changes }, tokens, promptTokens));
    expect(after({ presencePenalty: 1.5 }, [0, 0], 2)).toBe(0);
    expect(after({ presencePenalty: 1.5 }, [0, 0], 1)).toBe(1);
    expect(after({ frequencyPenalty: 0.7 }, [1, 0], 1)).toBe(0);
    expect(after({ frequencyPenalty: 0.7 }, [1, 0, 0], 1)).toBe(1);
  });
});

describe('sampling state', () => {
  test('is the same pushed or rebuilt', () => {
    const tokens = fc.array(fc.nat(9), { maxLength: 60 });
    fc.assert(
      fc.property(tokens, fc.nat(60), fc.integer({ min: 1, max: 20 }), (list, cut, window) => {
        const changes = { repetitionPenalty: 1.2, repetitionWindowTokens: window, presencePenalty: 1 };
        const prompt = list.slice(0, cut);
        const pushed = stateFor(changes, prompt);
        for (const token of list.slice(cut)) pushed.push(token);
        const rebuilt = stateFor(changes, list, prompt.length);
        const sorted = (counts: ReadonlyMap<number, number>) => [...counts].sort((a, b) => a[0] - b[0]);
        expect(pushed.position).toBe(list.length);
        expect(sorted(pushed.windowCounts)).toEqual(sorted(rebuilt.windowCounts));
        expect(sorted(pushed.generatedCounts)).toEqual(sorted(rebuilt.generatedCounts));
        const last = list.slice(-window);
        expect([...pushed.windowCounts.values()].reduce((sum, count) => sum + count, 0)).toBe(last.length);
        for (const token of last) expect(pushed.windowCounts.has(token)).toBe(true);
      }),
    );
  });
});

describe('a grammar gate', () => {
  function gateOf(allowed: ReadonlySet<number>): GrammarGate & { masks: number } {
    const gate = {
      masks: 0,
      accepts: (token: number) => allowed.has(token),
      mask: (logits: Float32Array) => {
        gate.masks += 1;
        for (let token = 0; token < logits.length; token++) {
          if (!allowed.has(token)) logits[token] = Number.NEGATIVE_INFINITY;
        }
      },
    };
    return gate;
  }

  test('is asked for one token where that is accepted, and never gives a refused one', () => {
    const allowedTokens = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 20 });
    const logits = fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 100, maxLength: 100 });
    fc.assert(
      fc.property(logits, allowedTokens, sampling, (values, allowed, chosen) => {
        const gate = gateOf(new Set(allowed));
        const all = Float32Array.from(values);
        const sampler = createSampler(100);
        const free = sampler.draw(all, stateFor(chosen));
        const drawn = sampler.draw(all, stateFor(chosen), gate);
        expect(allowed).toContain(drawn);
        expect(gate.masks).toBe(allowed.includes(free) ? 0 : 1);
        if (!allowed.includes(free)) gate.mask(all);
        expect(drawn).toBe(sampler.draw(all, stateFor(chosen)));
      }),
    );
  });

  test('is the same as masking first where nothing is truncated', () => {
    const logits = Float32Array.from({ length: 500 }, (_, i) => ((i * 37) % 101) / 20);
    const sampler = createSampler(500);
    const allowed = new Set([3, 50, 77, 120, 444]);
    const masked = logits.slice();
    gateOf(allowed).mask(masked);
    for (let seed = 0n; seed < 200n; seed++) {
      const state = stateFor({ temperature: 1.5, topK: 0, minP: 0, seed });
      expect(sampler.draw(logits, state, gateOf(allowed))).toBe(sampler.draw(masked, state));
    }
  });

  test('still draws a forbidden token where it allows nothing else', () => {
    const state = stateFor({ logitBias: [[1, -100]] });
    expect(createSampler(3).draw(Float32Array.from([1, 2, 3]), state, gateOf(new Set([1])))).toBe(1);
  });

  test('that refuses everything is an error', () => {
    const draw = () => createSampler(2).draw(Float32Array.from([1, 2]), stateFor({}), gateOf(new Set()));
    expect(draw).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ reason: 'grammar' }) }),
    );
  });
});

describe('chances', () => {
  test('are the log-softmax of the raw logits, likeliest first', () => {
    const logits = fc.array(fc.float({ min: -40, max: 40, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(logits, fc.nat(), fc.nat(20), (values, pick, topCount) => {
        const all = Float32Array.from(values);
        const token = pick % all.length;
        const max = Math.max(...all);
        const total = max + Math.log(all.reduce((sum, value) => sum + Math.exp(value - max), 0));
        const result = createSampler(all.length).chances(all, token, topCount);
        expect(result.token).toBe(token);
        expect(result.logprob).toBeCloseTo((all[token] as number) - total, 9);
        const ranked = [...all.keys()].sort((a, b) => (all[b] as number) - (all[a] as number) || a - b);
        expect(result.top.map((entry) => entry.token)).toEqual(ranked.slice(0, topCount));
        for (const entry of result.top) {
          expect(entry.logprob).toBeCloseTo((all[entry.token] as number) - total, 9);
        }
      }),
    );
  });
});
