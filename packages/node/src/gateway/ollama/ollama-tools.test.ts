/** Tools and thoughts, with the official client: what a small model would not show by itself is scripted. */
import { FilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import { type Message, Ollama, type Tool } from 'ollama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChunkGateway, openChunkGateway } from '../../../../../test/kit/chunk-gateway.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

const PARAMETERS = { type: 'object', properties: { town: { type: 'string' } }, required: ['town'] };
const WEATHER: Tool = {
  type: 'function',
  function: { name: 'weather', description: 'The weather of a town.', parameters: PARAMETERS },
};
const CALLS: Chunk[] = [
  { kind: 'reasoning', choice: 0, text: 'I should ' },
  { kind: 'reasoning', choice: 0, text: 'look.' },
  { kind: 'pause', choice: 0 },
  { kind: 'tool-call', choice: 0, index: 0, id: 'call_a', name: 'weather' },
  { kind: 'tool-arguments', choice: 0, index: 0, text: '{"town":' },
  { kind: 'tool-arguments', choice: 0, index: 0, text: '"Potosí"}' },
  { kind: 'tool-call', choice: 0, index: 1, id: 'call_b', name: 'weather' },
  { kind: 'tool-arguments', choice: 0, index: 1, text: '{"town":' },
  { kind: 'end', choice: 0, reason: 'tool-calls' },
];
const TOOL_CALLS = [
  { id: 'call_a', function: { index: 0, name: 'weather', arguments: { town: 'Potosí' } } },
  { id: 'call_b', function: { index: 1, name: 'weather', arguments: {} } },
];

let made: ChunkGateway;
let client: Ollama;
beforeAll(async () => {
  made = await openChunkGateway();
  client = new Ollama({ host: made.gateway.url });
});
afterAll(() => made[Symbol.asyncDispose]());

const ask = { model: MODEL, messages: [{ role: 'user', content: 'How is the weather?' }], tools: [WEATHER] };

test('calls come whole, with objects for arguments, and thoughts apart', async () => {
  made.answerWith(CALLS);
  const whole = await client.chat(ask);
  expect(whole.message).toEqual({
    role: 'assistant',
    content: '',
    thinking: 'I should look.',
    tool_calls: TOOL_CALLS,
  });
  expect(whole).toMatchObject({ done_reason: 'stop', prompt_eval_count: 30, eval_count: 20 });
  const parts = await Array.fromAsync(await client.chat({ ...ask, stream: true }));
  expect(parts.map(({ message }) => message.thinking ?? '').join('')).toBe('I should look.');
  expect(parts.flatMap(({ message }) => message.tool_calls ?? [])).toEqual(TOOL_CALLS);
});

test('results answer the oldest open call of their tool', async () => {
  made.answerWith(CALLS);
  const { message } = await client.chat(ask);
  const called = (...names: string[]): Message => ({
    role: 'assistant',
    content: '',
    tool_calls: names.map((name) => ({ function: { name, arguments: {} } })),
  });
  const messages = [
    ...ask.messages,
    message,
    { role: 'tool', content: '4 °C', tool_name: 'weather' },
    { role: 'tool', content: 'no such town' },
    called('weather', 'clock'),
    { role: 'tool', content: 'noon', tool_name: 'clock' },
    { role: 'tool', content: '5 °C', tool_name: 'weather' },
    { role: 'tool', content: 'nobody asked' },
  ];
  await client.chat({ ...ask, messages });
  expect(made.requests.at(-1)?.prompt).toMatchObject({
    tools: [{ name: 'weather', description: 'The weather of a town.', parameters: PARAMETERS }],
    messages: [
      { role: 'user' },
      {
        role: 'assistant',
        reasoning: 'I should look.',
        toolCalls: [
          { id: 'call_a', name: 'weather', arguments: '{"town":"Potosí"}' },
          { id: 'call_b', name: 'weather', arguments: '{}' },
        ],
      },
      { role: 'tool', content: '4 °C', toolCallId: 'call_a', name: 'weather' },
      { role: 'tool', content: 'no such town', toolCallId: 'call_b', name: 'weather' },
      { role: 'assistant', toolCalls: [{ id: 'call_0' }, { id: 'call_1' }] },
      { role: 'tool', content: 'noon', toolCallId: 'call_1', name: 'clock' },
      { role: 'tool', content: '5 °C', toolCallId: 'call_0', name: 'weather' },
      { role: 'tool', content: 'nobody asked' },
    ],
  });
  expect(made.requests.at(-1)?.prompt).not.toHaveProperty('messages[7].toolCallId');
});

test.each([
  [true, true],
  [false, false],
  ['high', true],
] as const)('think %s is %s to the model', async (think, thinking) => {
  made.answerWith(CALLS);
  const answer = await client.generate({ model: MODEL, prompt: 'Well?', system: 'Be brief.', think });
  expect(answer).toMatchObject({ response: '', thinking: 'I should look.' });
  expect(made.requests.at(-1)?.prompt).toEqual({
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Well?' },
    ],
    thinking,
  });
});

test('an answer that breaks off says why, as a line', async () => {
  const failure = new FilonError({ code: 'SERVE_STOPPING' }, 'this node is stopping');
  made.answerWith([{ kind: 'delta', choice: 0, text: 'Let me', logprobs: [] }], failure);
  const texts: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { message } of await client.chat({ ...ask, stream: true })) texts.push(message.content);
  };
  await expect(read()).rejects.toThrow('this node is stopping');
  expect(texts).toEqual(['Let me']);
  await expect(client.chat(ask)).rejects.toMatchObject({ status_code: 503 });
});
