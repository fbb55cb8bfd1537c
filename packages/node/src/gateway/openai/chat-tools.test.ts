import type { Chunk } from '@filon/core/serving/completion';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHUNK_USAGE, type ChunkGateway, openChunkGateway } from '../../../../../test/kit/chunk-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

const TOOL = {
  type: 'function',
  function: { name: 'depth', description: 'How deep.', parameters: { type: 'object', properties: {} } },
} as const;
const QUESTION = [{ role: 'user', content: 'How deep is it?' }] as const;

const text = (piece: string): Chunk => ({ kind: 'delta', choice: 0, text: piece, logprobs: [] });
const thought = (piece: string): Chunk => ({ kind: 'reasoning', choice: 0, text: piece });
const called = (index: number, ...pieces: string[]): Chunk[] => [
  { kind: 'tool-call', choice: 0, index, id: `call_${index}`, name: 'depth' },
  ...pieces.map((piece): Chunk => ({ kind: 'tool-arguments', choice: 0, index, text: piece })),
];
const end = (reason: 'stop' | 'tool-calls'): Chunk => ({ kind: 'end', choice: 0, reason });

const CALLS: Chunk[] = [
  ...[thought('Two '), thought('shafts.'), ...called(0, '{"shaft"', ':1}'), ...called(1, '{"shaft":2}')],
  end('tool-calls'),
];
const DONE: Chunk[] = [text('It is '), text('300 m.'), end('stop')];

let chunks: ChunkGateway;
beforeAll(async () => {
  chunks = await openChunkGateway();
});
afterAll(() => chunks[Symbol.asyncDispose]());
const client = (): OpenAI =>
  new OpenAI({ baseURL: `${chunks.gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
const ask = { model: MODEL, messages: [...QUESTION], tools: [TOOL] };

describe('calls of tools in a chat', () => {
  test('come whole, thoughts apart', async () => {
    chunks.answerWith(CALLS);
    const { choices, usage } = await client().chat.completions.create(ask);
    expect(choices).toEqual([
      {
        index: 0,
        finish_reason: 'tool_calls',
        logprobs: null,
        message: {
          role: 'assistant',
          content: null,
          refusal: null,
          reasoning_content: 'Two shafts.',
          tool_calls: ['{"shaft":1}', '{"shaft":2}'].map((given, index) => ({
            ...{ id: `call_${index}`, type: 'function' },
            function: { name: 'depth', arguments: given },
          })),
        },
      },
    ]);
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(CHUNK_USAGE.reasoningTokens);
  });

  test('come as deltas that the client puts together to the same', async () => {
    chunks.answerWith(CALLS);
    const whole = await client().chat.completions.create(ask);
    const stream = client().chat.completions.stream(ask);
    const thoughts: string[] = [];
    stream.on('chunk', ({ choices }) => {
      const delta = choices[0]?.delta ?? {};
      if ('reasoning_content' in delta) thoughts.push(String(delta.reasoning_content));
    });
    const { message, finish_reason: reason } = (await stream.finalChatCompletion()).choices[0] ?? {};
    expect(reason).toBe('tool_calls');
    expect(message?.tool_calls).toMatchObject(whole.choices[0]?.message.tool_calls ?? []);
    expect(thoughts.join('')).toBe('Two shafts.');
  });

  test('are run by the client until there is an answer', async () => {
    chunks.answerWith(CALLS);
    const asked: string[] = [];
    const depth = (given: string): string => {
      asked.push(given);
      chunks.answerWith(DONE);
      return '300 m';
    };
    const runner = client().chat.completions.runTools({
      ...ask,
      tools: [
        {
          ...TOOL,
          function: { ...TOOL.function, parameters: { ...TOOL.function.parameters }, function: depth },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('It is 300 m.');
    expect(asked).toEqual(['{"shaft":1}', '{"shaft":2}']);
    expect(chunks.requests.at(-1)?.prompt).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', toolCalls: [{ id: 'call_0' }, { id: 'call_1' }] },
        { role: 'tool', toolCallId: 'call_0', content: '300 m' },
        { role: 'tool', toolCallId: 'call_1', content: '300 m' },
      ],
    });
  });
});

describe('calls of tools in a response', () => {
  const request = {
    model: MODEL,
    input: 'How deep is it?',
    tools: [{ type: 'function', name: 'depth', parameters: { type: 'object' }, strict: false }],
  } satisfies OpenAI.Responses.ResponseCreateParams;

  test('come as items, and go back as items', async () => {
    chunks.answerWith(CALLS);
    const { output, status } = await client().responses.create(request);
    expect(status).toBe('completed');
    expect(output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Two shafts.' }], summary: [] },
      { type: 'function_call', call_id: 'call_0', name: 'depth', arguments: '{"shaft":1}' },
      { type: 'function_call', call_id: 'call_1', name: 'depth', arguments: '{"shaft":2}' },
    ]);
    chunks.answerWith(DONE);
    const results = ['call_0', 'call_1'].map((call_id) => ({
      ...{ type: 'function_call_output', call_id, output: '300 m' },
    })) satisfies { type: string }[];
    const input = [{ role: 'user', content: request.input }, ...output, ...results];
    const answer = await client().responses.create({
      ...request,
      input: input as OpenAI.Responses.ResponseInput,
    });
    expect(answer.output_text).toBe('It is 300 m.');
    expect(chunks.requests.at(-1)?.prompt).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', reasoning: 'Two shafts.', toolCalls: [{ id: 'call_0' }, { id: 'call_1' }] },
        { role: 'tool', toolCallId: 'call_0' },
        { role: 'tool', toolCallId: 'call_1' },
      ],
    });
  });

  test('come as events that the client puts together to the same', async () => {
    chunks.answerWith(CALLS);
    const whole = await client().responses.create(request);
    const stream = client().responses.stream({ ...request, stream: true });
    const final = await stream.finalResponse();
    const bare = ({ output }: { output: OpenAI.Responses.ResponseOutputItem[] }): object[] =>
      output.map(({ id: _, ...item }) => item);
    expect(bare(final)).toMatchObject(bare(whole));
    expect(final.usage?.output_tokens_details.reasoning_tokens).toBe(CHUNK_USAGE.reasoningTokens);
  });
});
