/** What is asked of each kind of endpoint, and how its answers are read. */
import type { ChatMessage, ChatPrompt, Chunk } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  beginEvents,
  chatPiece,
  eventText,
  openFakeEndpoint,
} from '../../../../../test/kit/fake-endpoint.ts';
import { upstreamRequest } from '../../../../../test/kit/upstreams-conformance.ts';
import type { Endpoint, UpstreamRequest } from '../../ports/upstreams.ts';
import { AnswerChunks } from './answer-chunks.ts';
import { createHttpUpstreams } from './http-upstreams.ts';
import { requestBody } from './request-body.ts';

type Request = Parameters<typeof upstreamRequest>[1];

function bodyFor(kind: Endpoint['kind'], request: Request = {}, rest: Partial<UpstreamRequest> = {}) {
  return requestBody({ ...upstreamRequest('m', request), ...rest }, kind).body;
}

async function answered(pieces: readonly string[], request: Request = {}): Promise<Chunk[]> {
  await using here = await openFakeEndpoint((response) => {
    beginEvents(response);
    response.end(pieces.join('') + eventText('[DONE]'));
  });
  const endpoint = { url: here.url, kind: 'other', key: null, fingerprint: null } as const;
  const options = { signal: AbortSignal.timeout(20_000) };
  return await Array.fromAsync(
    createHttpUpstreams().complete(endpoint, upstreamRequest('m', request), options),
  );
}

const END = chatPiece({}, { finish_reason: 'stop' });
const call = (index: number | undefined, id: string | undefined, called: object): string =>
  chatPiece({ tool_calls: [{ index, id, type: 'function', function: called }] });

describe('what is asked', () => {
  test('of a stranger is OpenAI’s API and nothing else', () => {
    const tools = [{ name: 'look', description: 'Looks.', parameters: { type: 'object' } }];
    const messages: ChatMessage[] = [
      { role: 'system', content: 'Be short.' },
      {
        role: 'assistant',
        content: '',
        reasoning: 'hm',
        toolCalls: [{ id: 'c', name: 'look', arguments: '{}' }],
      },
      { role: 'tool', content: 'ore', toolCallId: 'c' },
    ];
    const prompt: ChatPrompt = {
      ...{ kind: 'chat', messages, tools, toolChoice: { kind: 'named', name: 'look' } as const },
      ...{ parallelToolCalls: false, thinking: true },
    };
    const format = { kind: 'schema', schema: { type: 'object' } } as const;
    const body = bodyFor('other', { prompt, format, choices: 2, topLogprobs: 3, stop: ['x'] });
    const fn = { name: 'look', description: 'Looks.', parameters: { type: 'object' } };
    expect(body).toEqual({
      ...{ model: 'm', stream: true, stream_options: { include_usage: true }, n: 2, max_tokens: 64 },
      ...{ temperature: 0.8, top_p: 1, seed: 7, stop: ['x'], logprobs: true, top_logprobs: 3 },
      messages: [
        { role: 'system', content: 'Be short.' },
        {
          ...{ role: 'assistant', content: null },
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', content: 'ore', tool_call_id: 'c' },
      ],
      tools: [{ type: 'function', function: fn }],
      ...{ tool_choice: { type: 'function', function: { name: 'look' } }, parallel_tool_calls: false },
      response_format: {
        ...{ type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { type: 'object' } } },
      },
    });
    expect(() => bodyFor('other', { ignoreEos: true })).toThrow(
      expect.objectContaining({ code: 'UPSTREAM_UNSUPPORTED' }),
    );
  });

  test.each([
    ['vllm', { top_k: -1, repetition_penalty: 1.1 }],
    ['sglang', { top_k: -1, repetition_penalty: 1.1 }],
    ['llama-server', { top_k: 0, repeat_penalty: 1.1 }],
    ['filon', { top_k: 0, repetition_penalty: 1.1 }],
  ] as const)('of %s has its own fields too', (kind, fields) => {
    const { sampling } = upstreamRequest('m').request;
    const prompt = { kind: 'chat', messages: [], thinking: false } as const;
    const body = bodyFor(kind, {
      ...{ prompt, ignoreEos: true, sampling: { ...sampling, topK: 0, repetitionPenalty: 1.1, minP: 0.2 } },
    });
    expect(body).toMatchObject({
      ...{ ...fields, min_p: 0.2, ignore_eos: true, chat_template_kwargs: { enable_thinking: false } },
    });
  });

  test('to go on with an answer is said as each kind understands it', () => {
    const last = { role: 'assistant', content: 'the la' };
    const begun = { begun: 'the la' };
    for (const kind of ['vllm', 'sglang'] as const) {
      const { messages, ...rest } = bodyFor(kind, {}, begun) as { messages: unknown[] };
      expect(messages.at(-1)).toEqual(last);
      expect(rest).toMatchObject({ add_generation_prompt: false, continue_final_message: true });
    }
    const body = bodyFor('llama-server', {}, begun) as { messages: unknown[] };
    expect(body.messages.at(-1)).toEqual(last);
    expect(body).toMatchObject({ chat_template_kwargs: { enable_thinking: false } });
  });

  test('of a text without a length is what the context has room for', () => {
    const prompt = { kind: 'text', text: 'x'.repeat(200) } as const;
    const lengthIn = (contextTokens: number | null): unknown =>
      bodyFor('vllm', { prompt, maxTokens: null }, { contextTokens })['max_tokens'];
    expect([lengthIn(null), lengthIn(1000), lengthIn(100_000), lengthIn(10)]).toEqual([4096, 900, 4096, 1]);
    expect(bodyFor('vllm', { maxTokens: null })).not.toHaveProperty('max_tokens');
  });

  test('has seeds that every program takes', () => {
    const { sampling } = upstreamRequest('m').request;
    for (const seed of [0n, 2n ** 64n - 1n, 2n ** 31n]) {
      const sent = bodyFor('vllm', { sampling: { ...sampling, seed } })['seed'];
      expect(sent).toBeGreaterThanOrEqual(0);
      expect(sent).toBeLessThan(2 ** 31);
    }
    expect(bodyFor('vllm', { sampling: { ...sampling, seed: null } })).not.toHaveProperty('seed');
  });
});

describe('what is answered', () => {
  test('thoughts, by either name, come before the text', async () => {
    const chunks = await answered([
      chatPiece({ role: 'assistant', content: null, reasoning_content: 'hm' }),
      chatPiece({ reasoning: ', so' }),
      chatPiece({ content: 'yes' }, { finish_reason: 'stop', stop_reason: null }),
      eventText({
        choices: [],
        usage: {
          ...{ prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
          prompt_tokens_details: { cached_tokens: 99 },
          completion_tokens_details: { reasoning_tokens: 2 },
        },
      }),
    ]);
    expect(chunks).toEqual([
      { kind: 'reasoning', choice: 0, text: 'hm' },
      { kind: 'reasoning', choice: 0, text: ', so' },
      { kind: 'delta', choice: 0, text: 'yes', logprobs: [] },
      { kind: 'end', choice: 0, reason: 'stop' },
      {
        kind: 'usage',
        usage: { promptTokens: 9, cachedTokens: 9, completionTokens: 4, reasoningTokens: 2 },
      },
    ]);
  });

  test.each([
    ['numbered', [0, 0, 1] as const, ['a', undefined, 'b'] as const],
    ['told apart by their ids', [undefined, undefined, undefined] as const, ['a', 'a', 'b'] as const],
  ])('calls that are %s', async (_, [i, j, k], [a, b, c]) => {
    const chunks = await answered([
      call(i, a, { name: 'look', arguments: '{"at":' }),
      call(j, b, { arguments: '1}' }),
      call(k, c, { name: 'dig', arguments: '{}' }),
      END,
    ]);
    expect(chunks).toEqual([
      { kind: 'tool-call', choice: 0, index: 0, id: 'a', name: 'look' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '{"at":' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '1}' },
      { kind: 'tool-call', choice: 0, index: 1, id: 'b', name: 'dig' },
      { kind: 'tool-arguments', choice: 0, index: 1, text: '{}' },
      { kind: 'end', choice: 0, reason: 'tool-calls' },
    ]);
  });

  test('log-probabilities of chats and of texts, and none where none were asked for', async () => {
    const logprobs = {
      content: [{ token: 'é', logprob: -0.5, bytes: [195], top_logprobs: [{ token: 'e', logprob: -2 }] }],
    };
    const piece = chatPiece({ content: 'é' }, { logprobs });
    const [first] = await answered([piece, END], { topLogprobs: 1 });
    const other = { token: -1, bytes: Buffer.from('e'), logprob: -2 };
    expect(first).toMatchObject({
      logprobs: [{ token: -1, bytes: Uint8Array.of(195), logprob: -0.5, top: [other] }],
    });
    expect((await answered([piece, END]))[0]).toMatchObject({ logprobs: [] });
    const texts = {
      ...{ tokens: ['the', ' lamp'], token_logprobs: [null, -1], text_offset: [0, 3] },
      top_logprobs: [null, { ' lamp': -1, ' cart': -3 }],
    };
    const prompt = { kind: 'text', text: 'x' } as const;
    const textPiece = { index: 0, text: 'the lamp', logprobs: texts, finish_reason: 'length' };
    const [text, end] = await answered([eventText({ choices: [textPiece] })], { prompt, topLogprobs: 2 });
    expect(text).toMatchObject({ text: 'the lamp', logprobs: [{ logprob: 0, top: [] }, { logprob: -1 }] });
    expect(text?.kind === 'delta' && text.logprobs[1]?.top).toHaveLength(2);
    expect(end).toMatchObject({ kind: 'end', reason: 'length' });
  });

  test('a stop string that was met, if it is one of ours', async () => {
    for (const [stop, expected] of [
      ['.', { stop: '.' }],
      ['other', {}],
      [42, {}],
    ] as const) {
      const chunks = await answered([chatPiece({}, { finish_reason: 'stop', stop_reason: stop })], {
        stop: ['.'],
      });
      expect(chunks.at(-1)).toEqual({ kind: 'end', choice: 0, reason: 'stop', ...expected });
    }
  });

  test('no piece splits a character, however the endpoint cuts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(), { maxLength: 8 }), (text, places) => {
        const cuts = [...places.map((at) => at % (text.length + 1)), 0, text.length].sort((a, b) => a - b);
        const chunks = new AnswerChunks({ host: 'h', choices: 1, logprobs: false, stop: [] });
        const none = { index: 0, reasoning: '', calls: [], logprobs: [], stop: null };
        const made = cuts
          .slice(1)
          .flatMap((end, at) => chunks.push({ ...none, text: text.slice(cuts[at], end), finish: null }));
        made.push(...chunks.push({ ...none, text: '', finish: 'stop' }));
        const texts = made.flatMap((chunk) => (chunk.kind === 'delta' ? [chunk.text] : []));
        expect(texts.every((piece) => piece.isWellFormed())).toBe(true);
        expect(texts.join('')).toBe(text.toWellFormed());
        expect(chunks.isOver).toBe(true);
      }),
    );
  });
});
