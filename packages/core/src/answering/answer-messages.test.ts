import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFilonError } from '../errors.ts';
import { DEFAULT_SAMPLING } from '../serving/sampling.ts';
import { encodeCbor } from '../wire/cbor.ts';
import { type SeatAsk, type SeatTell, seatAsks, seatTells } from './answer-messages.ts';
import { PROMPT_DEPTH_MAX, SIGNS_MAX } from './limits.ts';
import { decodePrompt, encodePrompt, type TextPrompt } from './prompt-text.ts';

const tokens = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 40 });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const int32 = tokens.map((list) => Int32Array.from(list));
const logprob = fc.oneof(
  fc.double({ max: 0, min: -1e6, noNaN: true }).map((value) => value + 0),
  fc.constant(Number.NEGATIVE_INFINITY),
);
const candidate = fc.record({
  token: fc.nat(100_000),
  bytes: fc.uint8Array({ maxLength: 20 }),
  logprob,
});
const sign: fc.Arbitrary<Extract<SeatTell, { kind: 'signs' }>['signs'][number]> = fc.oneof(
  fc.record({ kind: fc.constant('prefilled' as const), cachedTokens: fc.nat(1000) }),
  fc.record({ kind: fc.constant('waiting' as const) }),
  fc.record({
    kind: fc.constant('token' as const),
    ...{ position: fc.nat(10_000), token: fc.nat(100_000), text },
    logprob: fc.option(
      fc.tuple(candidate, fc.array(candidate, { maxLength: 20 })).map(([one, top]) => ({ ...one, top })),
    ),
  }),
  fc.record(
    {
      kind: fc.constant('end' as const),
      reason: fc.constantFrom('stop' as const, 'length' as const),
      text,
      stop: text,
    },
    { requiredKeys: ['kind', 'reason', 'text'] },
  ),
);
const seed = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe('messages', () => {
  test('come out as they went in: tokens, seeds beyond 2^53, infinities of log-probabilities', () => {
    fc.assert(
      fc.property(int32, seed, fc.option(fc.string()), (list, drawn, grammar) => {
        const wanted = {
          ...{ tokens: Int32Array.of(1, ...list), promptTokens: 1, maxTokens: 50, stop: ['x'], grammar },
          ...{ topLogprobs: 3, ignoreEos: true },
          sampling: { ...DEFAULT_SAMPLING, logitBias: [[7, -100]] as [number, number][], seed: drawn },
        };
        const ask: SeatAsk = { kind: 'open', session: 3, scope: new Uint8Array(16), wanted };
        expect(seatAsks.decode(seatAsks.encode(ask))).toEqual(ask);
      }),
    );
    fc.assert(
      fc.property(fc.array(sign, { minLength: 1, maxLength: 8 }), (signs) => {
        const tell: SeatTell = { kind: 'signs', session: 0, signs };
        expect(seatTells.decode(seatTells.encode(tell))).toEqual(tell);
      }),
    );
    const vectors = [Float32Array.of(0.25, -1), new Float32Array()];
    const tell: SeatTell = { kind: 'vectors', call: 1, vectors };
    expect(seatTells.decode(seatTells.encode(tell))).toEqual(tell);
  });

  test.each<[string, unknown]>([
    ['tokens that are cut off', { kind: 'tokens', call: 0, tokens: new Uint8Array(5), inReasoning: false }],
    ['a vector with no number in it', { kind: 'vectors', call: 0, vectors: [Uint8Array.of(0, 0, 192, 127)] }],
    ['a seat with more slots than any', { kind: 'seated', slots: 17, commitment: new Uint8Array(32) }],
    ['signs of nothing', { kind: 'signs', session: 0, signs: [] }],
    ['too many signs', { kind: 'signs', session: 0, signs: Array(SIGNS_MAX + 1).fill({ kind: 'waiting' }) }],
    ['a sign of no kind', { kind: 'signs', session: 0, signs: [{ kind: 'joy' }] }],
    ['a code that is a sentence', { kind: 'failed', call: 0, code: 'it failed', message: '' }],
    ['a message with a line break', { kind: 'failed', call: 0, code: 'X', message: 'a\nb' }],
  ])('%s are refused', (_, value) => {
    expect(() => seatTells.decode(encodeCbor(value))).toThrow(
      expect.objectContaining({ code: 'WIRE_MALFORMED' }),
    );
  });

  test('that ask for more than a local request may are refused', () => {
    const wanted = {
      ...{ tokens: new Uint8Array(4), promptTokens: 1, maxTokens: 5, stop: [], grammar: null },
      ...{ topLogprobs: null, ignoreEos: false, sampling: { ...DEFAULT_SAMPLING, seed: 5 } },
    };
    const decoded = (change: object): SeatAsk =>
      seatAsks.decode(
        encodeCbor({ kind: 'open', session: 0, scope: new Uint8Array(16), wanted: { ...wanted, ...change } }),
      );
    expect(decoded({})).toMatchObject({ wanted: { sampling: { seed: 5n } } });
    const { sampling } = wanted;
    const changes: object[] = [
      { sampling: { ...sampling, temperature: 5.5 } },
      { sampling: { ...sampling, topP: 0 } },
      { sampling: { ...sampling, seed: -1 } },
      { sampling: { ...sampling, logitBias: Array(1025).fill([1, 1]) } },
      { stop: Array(17).fill('x') },
      { stop: ['x'.repeat(257)] },
      { stop: [''] },
      { grammar: 'x'.repeat(524_289) },
      { topLogprobs: 21 },
      { promptTokens: 0 },
      { promptTokens: 2 },
      { tokens: new Uint8Array(4 * 7) },
    ];
    for (const change of changes)
      expect(() => decoded(change)).toThrow(expect.objectContaining({ code: 'WIRE_MALFORMED' }));
  });

  test('of any bytes are read, or refused by a code', () => {
    const valid = seatTells.encode({
      kind: 'signs',
      session: 1,
      signs: [{ kind: 'prefilled', cachedTokens: 3 }],
    });
    const damaged = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = valid.slice();
      bytes[at] = byte;
      return bytes;
    });
    for (const codec of [seatAsks, seatTells]) {
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), damaged), (bytes) => {
          try {
            codec.decode(bytes);
          } catch (error) {
            expect(isFilonError(error) && error.code.startsWith('WIRE_')).toBe(true);
          }
        }),
        { numRuns: 1000 },
      );
    }
  });
});

describe('prompts', () => {
  test('come out as they went in', () => {
    const prompt: TextPrompt = {
      kind: 'chat',
      messages: [
        { role: 'user', content: 'lone \ud800 half' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'f', arguments: '{"x":1}' }] },
        { role: 'tool', content: '2', toolCallId: 'a' },
      ],
      tools: [{ name: 'f', description: '', parameters: { type: 'object', properties: { x: {} } } }],
      toolChoice: { kind: 'named', name: 'f' },
      parallelToolCalls: false,
      thinking: true,
    };
    expect(decodePrompt(encodePrompt(prompt))).toEqual(prompt);
    expect(decodePrompt('{"kind":"text","text":"[[["}')).toEqual({ kind: 'text', text: '[[[' });
  });

  test.each([
    ['no JSON', '{'],
    ['of no kind', '{"text":""}'],
    ['with tokens, which are not tokenized', '{"kind":"tokens","tokens":[1]}'],
    ['with a role of nobody', '{"kind":"chat","messages":[{"role":"root","content":""}]}'],
    ['nested deeper than tools are', `{"kind":"text","text":"","x":${'['.repeat(PROMPT_DEPTH_MAX)}`],
    ['nested very deep', '['.repeat(1_000_000)],
  ])('%s are refused', (_, json) => {
    expect(() => decodePrompt(json)).toThrow(expect.objectContaining({ code: 'WIRE_MALFORMED' }));
  });

  test('whose tools no local request could offer are refused', () => {
    const tools = [{ name: 'a b', description: '', parameters: {} }];
    const json = JSON.stringify({ kind: 'chat', messages: [], tools });
    expect(() => decodePrompt(json)).toThrow(expect.objectContaining({ code: 'DIALECT_TOOLS_INVALID' }));
  });
});
