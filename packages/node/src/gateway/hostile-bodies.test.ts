import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GatewayApp, openGatewayApp, type Payload } from '../../../../test/kit/gateway-app.ts';
import { mutated, mutations } from '../../../../test/kit/hostile-json.ts';
import { MODEL } from '../../../../test/kit/scripted-serving.ts';
import { createMemoryLog } from '../adapters/memory/log.ts';

const log = createMemoryLog();
const openApp = (): Promise<GatewayApp> => openGatewayApp(log, 200_000);

/** An answer, or an honest refusal in OpenAI's shape. */
async function expectHonest(response: Response): Promise<void> {
  const text = await response.text();
  if (response.status === 200) {
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toContain('internal_error');
    return;
  }
  expect(response.status, text).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  const { error } = JSON.parse(text) as { error: Record<string, unknown> };
  expect(Object.keys(error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']));
  expect(typeof error['message']).toBe('string');
}

const CHAT = {
  model: MODEL,
  messages: [
    { role: 'user', content: 'ore' },
    {
      ...{ role: 'assistant', content: null, reasoning_content: 'hm' },
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'dig', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'tin' },
  ],
  max_tokens: 4,
  n: 1,
  temperature: 0.5,
  top_p: 0.9,
  top_k: 40,
  min_p: 0.1,
  repetition_penalty: 1.1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logit_bias: { 290: 1 },
  seed: 1,
  stop: ['x'],
  stream: false,
  stream_options: { include_usage: true },
  logprobs: true,
  top_logprobs: 2,
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
  tools: [{ type: 'function', function: { name: 'dig', parameters: { type: 'object' } } }],
  tool_choice: 'auto',
  parallel_tool_calls: false,
  reasoning_effort: 'low',
  chat_template_kwargs: { enable_thinking: false },
  user: 'u',
};
const TEXT = {
  model: MODEL,
  prompt: ['ore', 'tin'],
  max_tokens: 3,
  logprobs: 1,
  echo: false,
  best_of: 1,
  suffix: '',
};
const EMBED = {
  model: MODEL,
  input: ['ore', [65, 66]].slice(0, 1),
  encoding_format: 'base64',
  dimensions: 64,
};
const ENDPOINTS: [string, Record<string, unknown>][] = [
  ['/v1/chat/completions', CHAT],
  ['/v1/completions', TEXT],
  ['/v1/embeddings', EMBED],
];

describe('thousands of bodies', () => {
  test('with a mutated value are answered or honestly refused', async () => {
    const app = await openApp();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ENDPOINTS),
        mutations,
        fc.boolean(),
        async ([path, valid], changes, stream) => {
          const body = mutated({ ...valid, stream }, changes);
          await expectHonest(await app.post(path, JSON.stringify(body)));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('of arbitrary JSON or arbitrary bytes are refused', async () => {
    const app = await openApp();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ENDPOINTS.map(([path]) => path)),
        fc.oneof(fc.json(), fc.string(), fc.uint8Array({ maxLength: 64 })),
        async (path, body) => {
          const response = await app.post(path, typeof body === 'string' ? body : Uint8Array.from(body));
          expect(response.status).not.toBe(200);
          await expectHonest(response);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('the valid ones among them are answered', async () => {
    const app = await openApp();
    for (const [path, body] of ENDPOINTS) {
      expect((await app.post(path, JSON.stringify(body))).status).toBe(200);
    }
  });
});

describe('a body', () => {
  const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const chat = (more: string): string =>
    `{"model":"${MODEL}","messages":[{"role":"user","content":"a"}],"max_tokens":2,${more}}`;
  const format = (schema: string): string =>
    chat(`"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":${schema}}}`);
  const wrong: [string, Payload, number, string | null][] = [
    ['that is empty', '', 400, null],
    ['that is not JSON', '{"model":', 400, null],
    ['that is no object', '[]', 400, null],
    ['in invalid UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 400, null],
    ['with half a surrogate pair', chat('"stop":"\\ud800"'), 400, 'stop'],
    ['nested deeply', nest(90_000), 400, null],
    [
      'with a deeply nested schema',
      format(`{"a":${nest(50_000)}}`),
      400,
      'response_format.json_schema.schema',
    ],
    ['with 50,000 wrong stops', chat(`"stop":[${'1,'.repeat(49_999)}1]`), 400, 'stop'],
    ['with a bias on no token', chat('"logit_bias":{"x":1}'), 400, 'logit_bias'],
    ['with a bias of too much', chat('"logit_bias":{"1":101}'), 400, 'logit_bias.1'],
    ['with a bias past the vocabulary', chat('"logit_bias":{"999999":1}'), 400, 'logit_bias'],
    ['with a negative maximum', chat('"max_tokens":-1'), 400, 'max_tokens'],
    ['with an infinite temperature', chat('"temperature":1e999'), 400, 'temperature'],
    ['with too many choices', chat('"n":17'), 400, 'n'],
    ['with top_logprobs alone', chat('"top_logprobs":3'), 400, 'top_logprobs'],
    ['with a tool of no type', chat('"tools":[{}],"tool_choice":"required"'), 400, 'tools[0].type'],
    ['over the limit', JSON.stringify({ model: 'x'.repeat(300_000) }), 413, null],
  ];
  test.each(wrong)('%s is refused', async (_, body, status, param) => {
    const response = await (await openApp()).post('/v1/chat/completions', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { param, type: 'invalid_request_error' } });
  });

  test('quoted in no error', async () => {
    const app = await openApp();
    const response = await app.post('/v1/chat/completions', '{"my secret prompt');
    expect(await response.text()).not.toContain('secret');
  });

  test('of every kind of prompt fits its endpoint', async () => {
    const app = await openApp();
    for (const prompt of ['a', ['a', 'b'], [65, 66], [[65], [66, 67]]]) {
      const text = await app.post('/v1/completions', JSON.stringify({ model: MODEL, prompt, max_tokens: 2 }));
      expect(text.status).toBe(200);
      const vectors = await app.post('/v1/embeddings', JSON.stringify({ model: MODEL, input: prompt }));
      expect(vectors.status).toBe(200);
    }
  });
});
