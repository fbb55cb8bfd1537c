/** Tools and thoughts, with the official client: what a small model would not show by itself is scripted. */
import Anthropic from '@anthropic-ai/sdk';
import { FilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChunkGateway, openChunkGateway } from '../../../../../test/kit/chunk-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

const WEATHER: Anthropic.Tool = {
  name: 'weather',
  description: 'The weather of a town.',
  input_schema: { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
};
const CALLS: Chunk[] = [
  { kind: 'reasoning', choice: 0, text: 'I should ' },
  { kind: 'reasoning', choice: 0, text: 'look.' },
  { kind: 'pause', choice: 0 },
  { kind: 'delta', choice: 0, text: 'Let me see.', logprobs: [] },
  { kind: 'tool-call', choice: 0, index: 0, id: 'call_a', name: 'weather' },
  { kind: 'tool-arguments', choice: 0, index: 0, text: '{"town":' },
  { kind: 'tool-arguments', choice: 0, index: 0, text: '"Potosí"}' },
  { kind: 'tool-call', choice: 0, index: 1, id: 'call_b', name: 'weather' },
  { kind: 'tool-arguments', choice: 0, index: 1, text: '{"town":"Oruro"}' },
  { kind: 'end', choice: 0, reason: 'tool-calls' },
];
const CONTENT = [
  { type: 'thinking', thinking: 'I should look.', signature: 'unsigned' },
  { type: 'text', text: 'Let me see.' },
  { type: 'tool_use', id: 'call_a', name: 'weather', input: { town: 'Potosí' } },
  { type: 'tool_use', id: 'call_b', name: 'weather', input: { town: 'Oruro' } },
];

let made: ChunkGateway;
let client: Anthropic;
beforeAll(async () => {
  made = await openChunkGateway();
  client = new Anthropic({ baseURL: made.gateway.url, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => made[Symbol.asyncDispose]());

const ask = (more: Partial<Anthropic.MessageCreateParamsNonStreaming> = {}) => ({
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'How is the weather?' }],
  tools: [WEATHER],
  ...more,
});

describe('calls of tools', () => {
  test('come as blocks, with the thoughts before them', async () => {
    made.answerWith(CALLS);
    const message = await client.messages.create(ask());
    expect(message.content).toMatchObject(CONTENT);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage).toMatchObject({
      input_tokens: 20,
      cache_read_input_tokens: 10,
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 5 },
    });
  });

  test('come piece by piece in a stream, and add up to the same', async () => {
    made.answerWith(CALLS);
    const stream = client.messages.stream(ask());
    const inputs: unknown[] = [];
    stream.on('inputJson', (piece) => inputs.push(piece));
    const message = await stream.finalMessage();
    expect(message.content).toMatchObject(CONTENT);
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage.cache_read_input_tokens).toBe(10);
    expect(inputs).toEqual(['{"town":', '"Potosí"}', '{"town":"Oruro"}']);
  });

  test('go back with their results', async () => {
    made.answerWith(CALLS);
    const { content } = await client.messages.create(ask());
    made.answerWith([{ kind: 'delta', choice: 0, text: 'Cold.', logprobs: [] }]);
    await client.messages.create(
      ask({
        messages: [
          { role: 'user', content: 'How is the weather?' },
          { role: 'assistant', content },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_a', content: [{ type: 'text', text: '4 °C' }] },
              { type: 'tool_result', tool_use_id: 'call_b', content: 'no such town', is_error: true },
              { type: 'text', text: 'Well?' },
            ],
          },
        ],
      }),
    );
    expect(made.requests.at(-1)?.prompt).toMatchObject({
      messages: [
        { role: 'user', content: 'How is the weather?' },
        {
          role: 'assistant',
          content: 'Let me see.',
          reasoning: 'I should look.',
          toolCalls: [
            { id: 'call_a', name: 'weather', arguments: '{"town":"Potosí"}' },
            { id: 'call_b', name: 'weather', arguments: '{"town":"Oruro"}' },
          ],
        },
        { role: 'tool', content: '4 °C', toolCallId: 'call_a', name: 'weather' },
        { role: 'tool', content: 'Error: no such town', toolCallId: 'call_b', name: 'weather' },
        { role: 'user', content: 'Well?' },
      ],
    });
  });

  test('that are no JSON go out as text, and come back', async () => {
    made.answerWith([
      { kind: 'tool-call', choice: 0, index: 0, id: 'call_a', name: 'weather' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '{"town":' },
      { kind: 'end', choice: 0, reason: 'length' },
    ]);
    const { content, stop_reason } = await client.messages.create(ask());
    expect(stop_reason).toBe('max_tokens');
    expect(content).toMatchObject([{ type: 'tool_use', input: '{"town":' }]);
    const user = { role: 'user' as const, content: 'Go on.' };
    await client.messages.create(ask({ messages: [user, { role: 'assistant', content }, user] }));
    expect(made.requests.at(-1)?.prompt).toMatchObject({
      messages: [{}, { toolCalls: [{ arguments: '{"town":' }] }, {}],
    });
  });
});

describe('what is asked of tools and thoughts', () => {
  type Case = [string, Partial<Anthropic.MessageCreateParamsNonStreaming>, object];
  const tool = { name: 'weather', description: 'The weather of a town.', parameters: WEATHER.input_schema };
  const cases: Case[] = [
    ['nothing', {}, { tools: [tool] }],
    ['auto', { tool_choice: { type: 'auto' } }, { toolChoice: { kind: 'auto' } }],
    ['any', { tool_choice: { type: 'any' } }, { toolChoice: { kind: 'required' } }],
    ['none', { tool_choice: { type: 'none' } }, { toolChoice: { kind: 'none' } }],
    [
      'one tool, one call',
      { tool_choice: { type: 'tool', name: 'weather', disable_parallel_tool_use: true } },
      { toolChoice: { kind: 'named', name: 'weather' }, parallelToolCalls: false },
    ],
    ['thoughts', { thinking: { type: 'enabled', budget_tokens: 1024 } }, { thinking: true }],
    ['no thoughts', { thinking: { type: 'disabled' } }, { thinking: false }],
  ];
  test.each(cases)('%s', async (_, more, expected) => {
    made.answerWith(CALLS);
    await client.messages.create(ask(more));
    expect(made.requests.at(-1)?.prompt).toMatchObject(expected);
  });

  test('thoughts that are not to be shown are not', async () => {
    made.answerWith(CALLS);
    const thinking = { type: 'adaptive', display: 'omitted' } as const;
    const whole = await client.messages.create(ask({ thinking }));
    const streamed = await client.messages.stream(ask({ thinking })).finalMessage();
    for (const { content } of [whole, streamed]) {
      expect(content[0]).toMatchObject({ type: 'thinking', thinking: '', signature: 'unsigned' });
    }
    expect(made.requests.at(-1)?.prompt).not.toHaveProperty('thinking');
  });
});

test('an answer that breaks off says why, as an event', async () => {
  const failure = new FilonError({ code: 'SERVE_STOPPING' }, 'this node is stopping');
  made.answerWith([{ kind: 'delta', choice: 0, text: 'Let me', logprobs: [] }], failure);
  const texts: string[] = [];
  const stream = client.messages.stream(ask()).on('text', (text) => texts.push(text));
  await expect(stream.finalMessage()).rejects.toMatchObject({ type: 'overloaded_error' });
  expect(texts).toEqual(['Let me']);
  await expect(client.messages.create(ask())).rejects.toMatchObject({
    status: 503,
    type: 'overloaded_error',
  });
});
