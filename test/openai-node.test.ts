/** The official OpenAI client, unchanged, against a real node with the starter model; then callers that mean ill. */
import { request as httpRequest } from 'node:http';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAiClientTarget, runOpenAiClientSuite } from './kit/openai-client-suite.ts';
import { runOpenAiResponsesSuite } from './kit/openai-responses-suite.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

const BODY_BYTES_MAX = 1_000_000;
const CHAT = { model: STARTER, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 2 };

let node: RealNode;
beforeAll(async () => {
  const environment = { FILON_CONTEXT_TOKENS: '2048', FILON_BODY_BYTES_MAX: `${BODY_BYTES_MAX}` };
  node = await openRealNode({ model: 'starter', environment });
});
afterAll(() => node[Symbol.asyncDispose]());

const target = (): OpenAiClientTarget => ({
  baseURL: `${node.url}/v1`,
  model: STARTER,
  // Fast mode: what is computed beside an answer may tip a near tie.
  repeats: false,
  generatedTokens: () => node.metric('filon_generated_tokens_total'),
});
runOpenAiClientSuite(target);
runOpenAiResponsesSuite(target);

test('a call of a tool that is required is made, whole and as deltas, in chats and in responses', async () => {
  const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 120_000 });
  const parameters = {
    type: 'object',
    properties: { depth: { type: 'integer', minimum: 0, maximum: 999 }, kind: { enum: ['ore', 'tin'] } },
    required: ['depth', 'kind'],
    additionalProperties: false,
  };
  const chat = {
    ...{ model: STARTER, messages: [{ role: 'user' as const, content: 'Dig for tin, 30 m deep.' }] },
    ...{ tools: [{ type: 'function' as const, function: { name: 'dig', parameters } }], seed: 1 },
    ...{ tool_choice: 'required' as const, parallel_tool_calls: false, max_completion_tokens: 200 },
  };
  const given = { depth: expect.any(Number), kind: expect.stringMatching(/^(ore|tin)$/) };
  const whole = (await client.chat.completions.create(chat)).choices[0];
  const streamed = (await client.chat.completions.stream(chat).finalChatCompletion()).choices[0];
  for (const choice of [whole, streamed]) {
    expect(choice?.finish_reason).toBe('tool_calls');
    const [call] = choice?.message.tool_calls ?? [];
    const made = call?.type === 'function' ? call.function : undefined;
    expect(made?.name).toBe('dig');
    expect(JSON.parse(made?.arguments ?? '')).toEqual(given);
  }
  const { output } = await client.responses.create({
    ...{ model: STARTER, input: 'Dig for tin, 30 m deep.', max_output_tokens: 200 },
    tools: [{ type: 'function', name: 'dig', parameters, strict: true }],
    tool_choice: { type: 'function', name: 'dig' },
    parallel_tool_calls: false,
  });
  const [item] = output;
  expect(item).toMatchObject({ type: 'function_call', name: 'dig', status: 'completed' });
  expect(JSON.parse(item?.type === 'function_call' ? item.arguments : '')).toEqual(given);
});

describe('callers that mean ill', () => {
  test.each([
    ['a form of another site', { origin: 'https://evil.example', 'content-type': 'text/plain' }, 403],
    ['a form that names no origin', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['another site, by fetch metadata', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a name that was bound again', { host: 'evil.example' }, 403],
    ['the right name with another port', { host: '127.0.0.1:1' }, 403],
    ['a proxy', { 'x-forwarded-for': '10.0.0.9' }, 403],
  ])('%s is refused', async (_, headers, status) => {
    const answer = await send(JSON.stringify(CHAT), headers);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message: expect.any(String) } });
  });

  const invalidUtf8 = Buffer.concat([
    Buffer.from(`{"model":"${STARTER}","messages":[{"role":"user","content":"`),
    Buffer.of(0xff, 0xfe, 0xc3),
    Buffer.from('"}]}'),
  ]);
  test.each<[string, string | Uint8Array, number, string | null]>([
    ['malformed JSON', '{"model":', 400, null],
    ['a list', '[]', 400, null],
    ['nothing', '', 400, null],
    ['invalid UTF-8', invalidUtf8, 400, null],
    ['nesting without end', '['.repeat(100_000), 400, null],
    ['10,000 stop strings', JSON.stringify({ ...CHAT, stop: Array(10_000).fill('x') }), 400, 'stop'],
    ['no messages', JSON.stringify({ ...CHAT, messages: [] }), 400, 'messages'],
    ['an empty message', JSON.stringify({ ...CHAT, messages: [{ role: 'user', content: '' }] }), 200, null],
    ['a negative maximum', JSON.stringify({ ...CHAT, max_tokens: -1 }), 400, 'max_tokens'],
    ['a number that is none', '{"model":"m","messages":[],"temperature":1e999}', 400, null],
    ['a body over its limit', ' '.repeat(BODY_BYTES_MAX + 1), 413, null],
  ])('%s is answered in the API’s words', async (_, body, status, param) => {
    const answer = await send(body, {});
    expect(answer.status, answer.text).toBe(status);
    if (status === 200) return;
    const { error } = JSON.parse(answer.text);
    expect(error).toMatchObject({ message: expect.any(String), type: expect.any(String) });
    if (param !== null) expect(error.param).toBe(param);
  });

  test('leave nothing behind: every slot is free and a proper caller is answered', async () => {
    expect((await node.post('/v1/chat/completions', CHAT)).status).toBe(200);
    await expect.poll(() => node.metric('filon_requests_in_flight')).toBe(0);
    expect(await node.metric('filon_sessions')).toBe(0);
    expect((await node.status()).engine.workers).toMatchObject([{ state: 'up', deaths: 0 }]);
  });
});

/** Not by `fetch`, which lets nobody choose a `Host`. */
function send(
  body: string | Uint8Array,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${node.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      // A server may close what it will not read on.
      response.on('error', reject);
    });
    request.end(body);
  });
}
