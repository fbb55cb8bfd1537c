import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Prompt } from '../serving/completion.ts';
import { DEFAULT_SAMPLING } from '../serving/sampling.ts';
import { encodeCbor } from '../wire/cbor.ts';
import {
  type CompletionAsk,
  type CompletionTell,
  completionAsks,
  completionTells,
} from './completion-messages.ts';
import type { CompletionChunk } from './completion-schemas.ts';
import { CHUNKS_MAX, PROMPT_DEPTH_MAX } from './limits.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const choice = fc.nat(15);
const candidate = fc.record({
  token: fc.integer({ min: -1, max: 100_000 }),
  bytes: fc.uint8Array({ maxLength: 20 }),
  logprob: fc.constantFrom(-0.5, 0, Number.NEGATIVE_INFINITY),
});
const logprob = fc
  .tuple(candidate, fc.array(candidate, { maxLength: 20 }))
  .map(([one, top]) => ({ ...one, top }));
const chunk: fc.Arbitrary<CompletionChunk> = fc.oneof(
  fc.record({
    kind: fc.constant('delta' as const),
    choice,
    text,
    logprobs: fc.array(logprob, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('reasoning' as const), choice, text }),
  fc.record({ kind: fc.constant('tool-call' as const), choice, index: fc.nat(127), id: text, name: text }),
  fc.record({ kind: fc.constant('tool-arguments' as const), choice, index: fc.nat(127), text }),
  fc.record(
    {
      kind: fc.constant('end' as const),
      choice,
      reason: fc.constantFrom('stop', 'length', 'tool-calls'),
      stop: text,
    },
    { requiredKeys: ['kind', 'choice', 'reason'] },
  ),
);
const tool = {
  name: 'look',
  description: '',
  parameters: { type: 'object', properties: { at: { enum: [1] } } },
};
const prompts: Prompt[] = [
  { kind: 'text', text: 'Once' },
  { kind: 'tokens', tokens: [1, -1, 2 ** 31 - 1] },
  {
    kind: 'chat',
    messages: [{ role: 'user', content: 'x' }],
    tools: [tool],
    toolChoice: { kind: 'required' },
  },
];

function askFor(prompt: Prompt, schema: unknown, seed: bigint | null): CompletionAsk {
  const request = {
    ...{ prompt, choices: 2, maxTokens: null, stop: ['x'], format: { kind: 'schema' as const, schema } },
    ...{ sampling: { ...DEFAULT_SAMPLING, seed }, topLogprobs: 3, ignoreEos: false },
  };
  return {
    kind: 'complete',
    model: 'ab'.repeat(32),
    reach: 'trusted',
    wanted: { request, begun: 'the lamp' },
  };
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('messages', () => {
  test('come out as they went in: prompts of every kind, schemas, seeds or none', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...prompts),
        fc.jsonValue({ maxDepth: 20 }),
        fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
        (prompt, schema, seed) => {
          const ask = askFor(prompt, JSON.parse(JSON.stringify(schema)), seed);
          expect(completionAsks.decode(completionAsks.encode(ask))).toEqual(ask);
        },
      ),
    );
    fc.assert(
      fc.property(fc.array(chunk, { minLength: 1, maxLength: 8 }), (chunks) => {
        const tell: CompletionTell = { kind: 'chunks', chunks };
        expect(completionTells.decode(completionTells.encode(tell))).toEqual(tell);
      }),
    );
  });

  test.each([
    ['too many choices', { choices: 17 }],
    ['tokens that are none', { prompt: new Uint8Array(3) }],
    ['a prompt that nests too deep', { prompt: nested(PROMPT_DEPTH_MAX + 1) }],
    ['a schema that nests too deep', { format: { kind: 'schema', schema: nested(PROMPT_DEPTH_MAX + 1) } }],
    ['a schema that is no JSON', { format: { kind: 'schema', schema: '{' } }],
    ['a seed below 0', { sampling: { ...DEFAULT_SAMPLING, logitBias: [], seed: -1 } }],
  ])('with %s are refused', (_, changes) => {
    const request = {
      ...{
        prompt: '{"kind":"text","text":"x"}',
        choices: 1,
        maxTokens: 3,
        stop: [],
        format: { kind: 'text' },
      },
      ...{ sampling: { ...DEFAULT_SAMPLING, seed: null }, topLogprobs: null, ignoreEos: false },
    };
    const message = (change: object): Uint8Array =>
      encodeCbor({
        ...{ kind: 'complete', model: new Uint8Array(32), reach: 'own' },
        wanted: { request: { ...request, ...change }, begun: '' },
      });
    expect(completionAsks.decode(message({})).wanted.request.choices).toBe(1);
    expect(() => completionAsks.decode(message(changes))).toThrow(/WIRE_MALFORMED|no message/);
  });

  test('with more pieces than one may have are refused', () => {
    const chunks = Array.from({ length: CHUNKS_MAX + 1 }, () => ({
      kind: 'reasoning',
      choice: 0,
      text: 'a',
    }));
    expect(() => completionTells.decode(encodeCbor({ kind: 'chunks', chunks }))).toThrow(/no message/);
  });
});
