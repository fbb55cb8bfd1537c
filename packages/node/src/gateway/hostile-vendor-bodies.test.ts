import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type GatewayApp, openGatewayApp } from '../../../../test/kit/gateway-app.ts';
import { mutated, mutations } from '../../../../test/kit/hostile-json.ts';
import { openScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../test/kit/scripted-serving.ts';
import { createMemoryLog } from '../adapters/memory/log.ts';

const log = createMemoryLog();

const openApp = (): Promise<GatewayApp> => openGatewayApp(log, 400_000);

/** An answer, or an honest refusal in the vendor's shape. */
async function expectHonest(path: string, response: Response): Promise<void> {
  const text = await response.text();
  if (response.status === 200) {
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toContain('went wrong inside');
    return;
  }
  expect(response.status, text).toBeGreaterThanOrEqual(400);
  expect(response.status, text).toBeLessThan(500);
  const body: unknown = JSON.parse(text);
  if (path.startsWith('/api/')) expect(body).toEqual({ error: expect.stringMatching(/./) });
  else {
    const error = { type: expect.stringMatching(/^[a-z_]+$/), message: expect.stringMatching(/./) };
    expect(body).toEqual({ type: 'error', error });
  }
}

const SCHEMA = { type: 'object', properties: { town: { type: 'string' } } };
const MESSAGES = {
  model: MODEL,
  max_tokens: 4,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [
    { role: 'user', content: 'ore' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'tin', signature: 's' },
        { type: 'text', text: 'a vein' },
        { type: 'tool_use', id: 't', name: 'weather', input: { town: 'Oruro' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'cold' }], is_error: false },
        { type: 'text', text: 'well' },
      ],
    },
  ],
  tools: [{ name: 'weather', description: 'd', input_schema: SCHEMA, type: 'custom' }],
  tool_choice: { type: 'auto', disable_parallel_tool_use: true },
  stop_sequences: ['x'],
  temperature: 0.5,
  top_p: 0.9,
  top_k: 40,
  metadata: { user_id: 'u' },
  thinking: { type: 'disabled' },
  output_config: { effort: 'low', format: null },
  stream: false,
};
const CHAT = {
  model: `${MODEL}:latest`,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'ore', images: [] },
    {
      role: 'assistant',
      content: '',
      thinking: 'tin',
      tool_calls: [{ function: { name: 'weather', arguments: { town: 'Oruro' } } }],
    },
    { role: 'tool', content: 'cold', tool_name: 'weather' },
  ],
  tools: [{ type: 'function', function: { name: 'weather', description: 'd', parameters: SCHEMA } }],
  format: '',
  think: false,
  keep_alive: '5m',
  logprobs: true,
  top_logprobs: 1,
  options: { num_predict: 4, temperature: 0.5, top_k: 9, seed: 1, stop: ['x'], num_ctx: 64, mirostat: 0 },
  stream: false,
};
const GENERATE = {
  model: MODEL,
  prompt: 'ore',
  system: 'Be brief.',
  suffix: '',
  template: '',
  context: [],
  images: [],
  raw: false,
  format: SCHEMA,
  options: { num_predict: 4 },
  stream: false,
};
const ENDPOINTS: [string, Record<string, unknown>][] = [
  ['/v1/messages', MESSAGES],
  ['/v1/messages/count_tokens', MESSAGES],
  ['/api/chat', CHAT],
  ['/api/generate', GENERATE],
  ['/api/embed', { model: MODEL, input: ['ore', 'tin'], truncate: true, dimensions: 64, options: {} }],
  ['/api/embeddings', { model: MODEL, prompt: 'ore' }],
  ['/api/show', { model: MODEL, verbose: true }],
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
          await expectHonest(path, await app.post(path, JSON.stringify(body)));
        },
      ),
      { numRuns: 4_000 },
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
          await expectHonest(path, response);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('the valid ones among them are answered', async () => {
    const app = await openApp();
    for (const [path, body] of ENDPOINTS) {
      const response = await app.post(path, JSON.stringify(body));
      expect(response.status, await response.text()).toBe(200);
    }
  });
});

describe('nests made to hurt', () => {
  const nest = '['.repeat(50_000) + ']'.repeat(50_000);
  const turn = (content: string): string =>
    `{"model":"${MODEL}","max_tokens":2,"messages":[{"role":"user","content":"a"},${content},{"role":"user","content":"b"}]}`;
  const call = `"name":"f","id":"c"`;
  test.each([
    [
      '/v1/messages',
      turn(`{"role":"assistant","content":[{"type":"tool_use",${call},"input":{"a":${nest}}}]}`),
    ],
    ['/v1/messages', turn(`{"role":"user","content":${nest}}`)],
    ['/v1/messages', turn(`{"role":"user","content":"c"}`).replace('{', `{"output_format":{"a":${nest}},`)],
    [
      '/v1/messages/count_tokens',
      turn('{}').replace('{', `{"tools":[{"name":"f","input_schema":{"a":${nest}}}],`),
    ],
    [
      '/api/chat',
      turn(`{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":${nest}}}}]}`),
    ],
    ['/api/chat', turn(`{"role":"user","content":"c"}`).replace('{', `{"format":{"a":${nest}},`)],
    ['/api/generate', `{"model":"${MODEL}","prompt":"a","format":{"a":${nest}}}`],
    ['/api/generate', `{"model":"${MODEL}","prompt":"a","context":${nest}}`],
    ['/api/embed', `{"model":"${MODEL}","input":${nest}}`],
  ])('are refused by %s', async (path, body) => {
    const response = await (await openApp()).post(path, body);
    expect(response.status).toBe(400);
    await expectHonest(path, response);
  });
});

test('a nest where nothing is read means nothing', async () => {
  const nest = '['.repeat(50_000) + ']'.repeat(50_000);
  const body = `{"model":"${MODEL}","prompt":"","keep_alive":${nest},"odd":${nest}}`;
  expect((await (await openApp()).post('/api/generate', body)).status).toBe(200);
});

describe('each vendor words its own errors', () => {
  test.each([
    ['GET', '/v1/messages', {}, 405],
    ['GET', '/v1/messages/nothing', {}, 404],
    ['GET', '/v1/nothing', { 'anthropic-version': '2023-06-01' }, 404],
    ['GET', '/v1/models/nobody', { 'anthropic-version': '2023-06-01' }, 404],
    ['GET', '/api/chat', {}, 405],
    ['GET', '/api/nothing', {}, 404],
    ['DELETE', '/api/delete', {}, 403],
    ['POST', '/api/pull', {}, 403],
    ['POST', '/api/push', {}, 400],
    ['POST', '/v1/messages', { 'content-type': 'text/plain' }, 415],
    ['POST', '/api/chat', { 'content-type': 'text/plain' }, 415],
  ])('%s %s', async (method, path, headers, status) => {
    const { app } = await openApp();
    const response = await app.request(path, { method, headers: { host: 'localhost:1', ...headers } });
    expect(response.status).toBe(status);
    await expectHonest(path, response);
    if (!path.startsWith('/api/')) expect(response.headers.get('request-id')).toBeTruthy();
  });
});

test.each([
  ['GET', '/api/tags'],
  ['POST', '/api/chat'],
  ['POST', '/v1/messages'],
])('%s %s knows no other pages', async (method, path) => {
  await using scripted = await openScriptedGateway();
  const headers = { origin: 'https://evil.example', 'content-type': 'application/json' };
  const response = await fetch(scripted.gateway.url + path, { method, headers });
  expect(response.status).toBe(403);
  await expectHonest(path, response);
});
