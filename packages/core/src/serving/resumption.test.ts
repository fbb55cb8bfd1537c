import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { type Resumption, readResumption, resumeStartJson, TOKEN_ID_MAX } from './resumption.ts';
import { TIERS } from './tier.ts';

const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const count = fc.integer({ min: 1, max: 262_144 });
const resumption: fc.Arbitrary<Resumption> = fc.record({
  start: fc.record({
    ...{ model: hash, prompt: hash, promptTokens: count, maxTokens: count },
    seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    tier: fc.constantFrom(...TIERS),
    numericClass: fc.option(fc.string({ minLength: 1, maxLength: 64 })),
  }),
  drawn: fc.array(
    fc.record({ token: fc.nat(TOKEN_ID_MAX), text: fc.string({ unit: 'grapheme-composite' }) }),
  ),
});
const jsonOf = ({ start, drawn }: Resumption): unknown =>
  JSON.parse(JSON.stringify({ start: resumeStartJson(start), drawn }));

describe('what a client holds of an answer', () => {
  test('comes back as it was told', () => {
    fc.assert(
      fc.property(resumption, (held) => {
        expect(readResumption(jsonOf(held), 'resume')).toEqual(held);
      }),
    );
  });

  test('is refused with the name of its field, whatever it is', () => {
    const changed = fc.tuple(resumption.map(jsonOf), fc.jsonValue(), fc.nat()).map(([held, other, where]) => {
      const { start, drawn } = held as { start: Record<string, unknown>; drawn: unknown };
      const names = Object.keys(start);
      const name = names[where % (names.length + 2)];
      if (name !== undefined) return { start: { ...start, [name]: other }, drawn };
      return where % 2 === 0 ? { start, drawn: other } : { start: other, drawn };
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.jsonValue()), (value) => {
        try {
          // What is taken says the same again.
          const held = readResumption(value, 'resume');
          expect(readResumption(jsonOf(held), 'resume')).toEqual(held);
        } catch (error) {
          if (!isFilonError(error, 'RESUME_INVALID')) throw error;
          expect(error.details).toMatchObject({ field: expect.stringMatching(/^resume/) });
        }
      }),
    );
  });

  test.each([
    ['resume.start.seed', { seed: '18446744073709551616' }],
    ['resume.start.seed', { seed: 7 }],
    ['resume.start.model', { model: 'A'.repeat(64) }],
    ['resume.start.prompt_tokens', { prompt_tokens: 0 }],
    ['resume.start.max_tokens', { max_tokens: 262_145 }],
    ['resume.start.tier', { tier: 'all' }],
    ['resume.start.numeric_class', { numeric_class: 'x'.repeat(129) }],
  ])('%s is checked', (field, change) => {
    const [held] = fc.sample(resumption, 1).map(jsonOf) as { start: object; drawn: unknown }[];
    const read = (): unknown => readResumption({ ...held, start: { ...held?.start, ...change } }, 'resume');
    expect(read).toThrow(expect.objectContaining({ details: expect.objectContaining({ field }) }));
  });

  test('has whole characters', () => {
    const [held] = fc.sample(resumption, 1).map(jsonOf) as object[];
    const read = (): unknown => readResumption({ ...held, drawn: [{ token: 1, text: '\ud800' }] }, 'resume');
    expect(read).toThrow('resume.drawn[0].text');
  });
});
