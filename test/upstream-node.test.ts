/** A node without a model of its own, and another Filon node's gateway as its upstream: commands, answers, a restart. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  beginEvents,
  chatPiece,
  eventText,
  openFakeEndpoint,
  type Say,
  sayJson,
} from './kit/fake-endpoint.ts';
import { jsonLines, openTestHome, type TestHome } from './kit/filon.ts';
import { openRealNode, type RealNode, readEvents } from './kit/real-node.ts';
import { openScriptedGateway, type ScriptedGateway } from './kit/scripted-gateway.ts';
import { MODEL } from './kit/scripted-serving.ts';

const TEXT = 'the lamp lifts the old cart under a deep shaft ⛏ of copper';
const KEY = 'sk-very-secret';
const held = { promise: Promise.resolve() };
let far: ScriptedGateway;
let home: TestHome;
let node: RealNode;

beforeAll(async () => {
  far = await openScriptedGateway({
    answer: () => TEXT,
    beforeToken: async ({ generated }) => (generated === 4 ? await held.promise : undefined),
  });
  home = openTestHome();
  node = await openRealNode({ model: null, home });
}, 60_000);

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await far[Symbol.asyncDispose]();
});

const list = async (): Promise<Record<string, unknown>[]> =>
  jsonLines(await home.run(['upstream', 'ls', '--json']))[0] as unknown as Record<string, unknown>[];

test('is added by a command, measured, listed, and is a model like any other', async () => {
  const added = await home.run(['upstream', 'add', far.baseURL, '--model', MODEL]);
  expect(added).toMatchObject({ code: 0 });
  expect(added.stdout).toMatch(
    /^scripted-1m is here now, by an upstream \(filon\), first token after \d+ ms/,
  );
  expect(await list()).toMatchObject([
    {
      name: MODEL,
      url: far.baseURL,
      kind: 'filon',
      tier: 'own',
      state: 'up',
      hasKey: false,
      contextTokens: 2048,
    },
  ]);
  const table = (await home.run(['upstream', 'ls'])).stdout;
  expect(table).toContain('FIRST TOKEN');
  expect(table).toContain(new URL(far.baseURL).host);
  const here = (await home.run(['ls'])).stdout;
  expect(here).toMatch(new RegExp(`BY UPSTREAMS[^]+${MODEL} .*${new URL(far.baseURL).host} +own +up`));
  const client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const models = await Array.fromAsync(client.models.list());
  expect(models.map(({ id }) => id)).toEqual([MODEL]);
  expect((await fetch(`${node.url}/readyz`)).status).toBe(200);
  const messages = [{ role: 'user', content: 'What is in the mine?' }] as const;
  const stream = await client.chat.completions.create({
    ...{ model: MODEL, messages: [...messages], stream: true, stream_options: { include_usage: true } },
  });
  let text = '';
  let usage = 0;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    usage = chunk.usage?.completion_tokens ?? usage;
  }
  expect([text, usage > 5]).toEqual([TEXT, true]);
  const whole = await client.completions.create({ model: MODEL, prompt: 'Once', max_tokens: 3, n: 2 });
  expect(whole.choices.map(({ finish_reason }) => finish_reason)).toEqual(['length', 'length']);
  const vectors = await client.embeddings.create({ model: MODEL, input: ['ore', 'vein'] });
  expect(vectors.data.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
  const response = await client.responses.create({ model: MODEL, input: 'What is in the mine?' });
  expect(response.output_text).toBe(TEXT);
});

test('is left by a client that leaves', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  held.promise = promise;
  const running = (): number => far.engine.status().sessions.reduce((sum, { count }) => sum + count, 0);
  const leaving = new AbortController();
  const body = { model: MODEL, messages: [{ role: 'user', content: 'x' }], stream: true };
  const response = await node.post('/v1/chat/completions', body, { signal: leaving.signal });
  const reading = readEvents(response, ({ text }) => {
    if (text !== '') leaving.abort();
  });
  await expect(reading).rejects.toThrow();
  await vi.waitFor(() => expect(running()).toBe(0), { timeout: 10_000 });
  resolve();
});

test('keeps its key in a file of its own, and survives a restart with it', async () => {
  await using keyed = await openFakeEndpoint((response, request) => {
    if (request.headers.authorization !== `Bearer ${KEY}`)
      return sayJson(response, { error: `no ${KEY}` }, 401);
    if (request.url === '/v1/models') return sayJson(response, { data: [{ id: 'big', owned_by: 'vllm' }] });
    beginEvents(response);
    response.end(chatPiece({ content: 'yes' }, { finish_reason: 'stop' }) + eventText('[DONE]'));
  });
  const keyFile = join(home.folder, 'big.key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o644 });
  const add = ['upstream', 'add', keyed.url, '--model', 'big', '--name', 'near', '--key-file', keyFile];
  const open = await home.run(add);
  expect(open).toMatchObject({ code: 1, stderr: expect.stringContaining('chmod 600') });
  chmodSync(keyFile, 0o600);
  expect(await home.run(['upstream', 'add', keyed.url, '--model', 'big'])).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining('UPSTREAM_KEY_REFUSED') },
  });
  expect(await home.run(add)).toMatchObject({ code: 0 });
  const [{ id } = { id: '' }] = (await list()).filter(({ name }) => name === 'near');
  const kept = join(home.home, 'upstreams', `${id}.key`);
  expect([readFileSync(kept, 'utf8'), statSync(kept).mode & 0o777]).toEqual([`${KEY}\n`, 0o600]);
  await node[Symbol.asyncDispose]();
  node = await openRealNode({ model: null, home });
  const body = { model: 'near', messages: [{ role: 'user', content: 'Is it?' }] };
  const answer = await (await node.post('/v1/chat/completions', body)).json();
  expect(answer).toMatchObject({ choices: [{ message: { content: 'yes' } }] });
  const told = [readFileSync(join(home.home, 'logs', 'filon.log'), 'utf8'), JSON.stringify(await list())];
  for (const file of ['filon.db', 'filon.db-wal']) {
    const path = join(home.home, file);
    if (existsSync(path)) told.push(readFileSync(path, 'latin1'));
  }
  expect(told.join('')).toContain('near');
  expect(told.join('')).not.toContain(KEY);
  expect(await home.run(['upstream', 'rm', 'near'])).toMatchObject({ code: 0 });
  expect(existsSync(kept)).toBe(false);
  expect((await node.post('/v1/chat/completions', body)).status).toBe(404);
}, 60_000);

test('that breaks off in a chat is gone on with by another one, and the reader sees one answer', async () => {
  let answers = 0;
  const say: Say = (response, request) => {
    if (request.url === '/v1/models') return sayJson(response, { data: [{ id: 'big', owned_by: 'vllm' }] });
    answers += 1;
    beginEvents(response);
    // The probes come first, one each.
    if (answers === 3)
      return void response.write(chatPiece({ content: 'the lamp ' }), () => response.destroy());
    const text = answers < 3 ? 'one' : ' lifts the cart';
    response.end(
      chatPiece({ content: text }) + chatPiece({}, { finish_reason: 'stop' }) + eventText('[DONE]'),
    );
  };
  await using one = await openFakeEndpoint(say);
  await using two = await openFakeEndpoint(say);
  for (const { url } of [one, two]) {
    const ran = await home.run(['upstream', 'add', url, '--model', 'big', '--name', 'pair']);
    expect(ran).toMatchObject({ code: 0 });
  }
  const body = { model: 'pair', stream: true, messages: [{ role: 'user', content: 'What is in the mine?' }] };
  const events = await readEvents(await node.post('/v1/chat/completions', body));
  expect(events.text).toBe('the lamp lifts the cart');
  expect(events.comments).toContain('pause');
  const [first, second] = [one, two]
    .flatMap(({ asked, url }) => asked.slice(2).map((each) => ({ ...each.body, url })))
    .sort((a, b) => Number('continue_final_message' in a) - Number('continue_final_message' in b));
  expect(first?.url).not.toBe(second?.url);
  expect(second).toMatchObject({
    ...{ continue_final_message: true, add_generation_prompt: false },
    messages: [{ role: 'user' }, { role: 'assistant', content: 'the lamp' }],
  });
});

test('of a node that would pass it on itself is refused, and so is a circle', async () => {
  const twice = await home.run(['upstream', 'add', `${node.url}/v1`, '--model', MODEL, '--name', 'twice']);
  expect(twice).toMatchObject({ code: 1, stderr: expect.stringContaining('UPSTREAM_UNSUPPORTED') });
  const headers = { 'content-type': 'application/json', 'x-filon-passed-on': '1' };
  const body = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'x' }] });
  const circle = await fetch(`${node.url}/v1/chat/completions`, { method: 'POST', headers, body });
  expect(circle.status).toBe(404);
});

test.each([
  [['add', 'http://127.0.0.1:9', '--model', 'm'], 'UPSTREAM_UNREACHABLE'],
  [['add', 'ftp://x', '--model', 'm'], 'UPSTREAM_URL_INVALID'],
  [['add', 'http://127.0.0.1:9'], 'CLI_USAGE'],
  [['add', 'http://127.0.0.1:9', '--model', 'm', '--tier', 'mine'], 'CLI_OPTION_INVALID'],
  [['rm', 'nothing'], 'UPSTREAM_UNKNOWN'],
])('a command that cannot be says why: %j', async (args, code) => {
  const ran = await home.run(['upstream', ...args]);
  expect(ran.code).toBeGreaterThan(0);
  expect(ran.stderr).toContain(code);
});
