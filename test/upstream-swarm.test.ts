/** Real nodes of one swarm that have no model: two with an upstream each, and a laptop that chats through them. */
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  beginEvents,
  chatPiece,
  eventText,
  type FakeEndpoint,
  openFakeEndpoint,
  type Say,
  sayJson,
} from './kit/fake-endpoint.ts';
import { openRealNode, type RealNode, readEvents } from './kit/real-node.ts';
import { inviteOf, never, openRealSwarm, type RealSwarm, type SwarmNode, until } from './kit/real-swarm.ts';

const KEY = 'sk-very-secret';
const TINY = 'tiny';
/** An answer that stands still after its first piece, until it is let go. */
const held = { promise: Promise.resolve() };
let swarm: RealSwarm;
let near: SwarmNode;
let spare: SwarmNode;
let laptop: SwarmNode;
/** Endpoints: another Filon node that is in no swarm, and made-up servers that go on with begun chats. */
let far: RealNode;
let one: FakeEndpoint;
let two: FakeEndpoint;

const sayAt =
  (endpoint: () => FakeEndpoint): Say =>
  async (response, request) => {
    if (request.url === '/v1/models') return sayJson(response, { data: [{ id: 'big', owned_by: 'vllm' }] });
    beginEvents(response);
    const { body = {} } = endpoint().asked.at(-1) ?? {};
    if (body['max_tokens'] === 16 || 'continue_final_message' in body) {
      response.write(chatPiece({ content: ' lifts the cart' }));
    } else {
      response.write(chatPiece({ content: 'the lamp' }));
      await held.promise;
    }
    response.end(chatPiece({}, { finish_reason: 'stop' }) + eventText('[DONE]'));
  };

async function add(node: SwarmNode, ...words: string[]): Promise<void> {
  const { code, stderr } = await node.home.run(['upstream', 'add', ...words]);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}

beforeAll(async () => {
  one = await openFakeEndpoint(sayAt(() => one));
  two = await openFakeEndpoint(sayAt(() => two));
  far = await openRealNode({ model: 'tiny' });
  swarm = await openRealSwarm();
  near = await swarm.prepare({ name: 'near', serves: false });
  await near.start('--no-model');
  await near.control.createSwarm({ name: 'garage', open: false, inviters: null }, never);
  spare = await swarm.prepare({ name: 'spare', serves: false });
  await spare.start('--no-model', '--join', await inviteOf(near));
  await add(near, far.url, '--model', TINY, '--name', 'far');
  await add(near, one.url, '--model', 'big', '--name', 'pair');
  await add(spare, two.url, '--model', 'big', '--name', 'pair');
  await until('they announced themselves', async () => {
    const said = (await spare.control.peers({}, never))?.peers.flatMap(({ models }) => models) ?? [];
    return said.length === 2;
  });
  laptop = await swarm.add({ name: 'laptop', serves: false });
  await until('the laptop hears of them', async () => {
    const peers = (await laptop.control.peers({}, never))?.peers ?? [];
    return peers.flatMap(({ models }) => models).length === 3;
  });
}, 90_000);
afterAll(async () => {
  for (const part of [swarm, far, one, two]) await part?.[Symbol.asyncDispose]();
});

const client = (url: string): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });
const CHAT = {
  messages: [{ role: 'user' as const, content: 'Hi' }],
  ...{ max_tokens: 12, temperature: 0, seed: 7 },
};
const PAIR = { model: 'pair', stream: true, messages: [{ role: 'user', content: 'What is there?' }] };

async function post(url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body), ...(signal && { signal }) };
  return await fetch(`${url}/v1/chat/completions`, init);
}

describe('a laptop without a model', () => {
  test('lists what upstreams of others have, marked', async () => {
    expect(await laptop.running.event('ready')).toMatchObject({ elsewhere: 'open' });
    const { data } = await client(laptop.url).models.list();
    expect(data.map(({ id }) => id).sort()).toEqual(['far', 'pair']);
    for (const model of data) expect(model).toMatchObject({ filon: { upstream: true, elsewhere: 'open' } });
  });

  test('answers with what the endpoint says, streamed and not', async () => {
    const there = await client(far.url).chat.completions.create({ ...CHAT, model: TINY });
    const here = await client(laptop.url).chat.completions.create({ ...CHAT, model: 'far' });
    expect(here.choices[0]?.message.content).toBe(there.choices[0]?.message.content);
    expect(here.usage?.completion_tokens).toBe(there.usage?.completion_tokens);
    expect(here.choices[0]?.finish_reason).toBe(there.choices[0]?.finish_reason);
    let text = '';
    for await (const chunk of await client(laptop.url).chat.completions.create({
      ...{ ...CHAT, model: 'far', stream: true },
    }))
      text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(there.choices[0]?.message.content);
    expect((await laptop.status()).engine.workers).toEqual([]);
  });

  test('leaves an answer, and the endpoint is left', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.promise = promise;
    const leaving = new AbortController();
    const response = await post(laptop.url, PAIR, leaving.signal);
    const reading = readEvents(response, async ({ text }) => {
      if (text === '') return;
      expect(one.connections() + two.connections()).toBe(1);
      leaving.abort();
    });
    await expect(reading).rejects.toThrow();
    await vi.waitFor(() => expect(one.connections() + two.connections()).toBe(0), { timeout: 10_000 });
    resolve();
  });
});

describe('the commands', () => {
  const said = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await laptop.home.run(words);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  test('list them, marked, and say where a question would go', async () => {
    expect(await said('ls')).toMatch(/^far +\d+ tokens +open +upstream$/m);
    expect(await said('ls')).toMatch(/^pair +not known +open +upstream$/m);
    expect(await said('peers')).toMatch(/far \(upstream\)/);
    const { name = '' } = (await near.status()).swarm?.self ?? {};
    expect(await said('route', 'far')).toMatch(new RegExp(`^${name} \\(upstream\\) +open +\\d+ ms`, 'm'));
    expect((await said('route', 'pair')).match(/\(upstream\) +open/g)).toHaveLength(2);
    expect(await said('route', 'far', '--tier', 'own').catch(String)).toContain('the tier');
  });

  test('tell nobody where an upstream is, or its key; with a key it is its own operator’s alone', async () => {
    await using keyed: FakeEndpoint = await openFakeEndpoint((response, request) => {
      if (request.headers.authorization !== `Bearer ${KEY}`) return sayJson(response, {}, 401);
      return sayAt(() => keyed)(response, request);
    });
    const input = { url: keyed.url, model: 'big', name: 'paid', key: KEY, fingerprint: null };
    const added = await near.control.addUpstream(
      { ...input, tier: null, serves: null, sessionsMax: null },
      never,
    );
    expect(added).toMatchObject({ serves: 'own', hasKey: true });
    await until('it announced itself', async () => {
      const { models = [] } = (await near.status()).swarm?.self ?? {};
      return models.some(({ name }) => name === 'paid');
    });
    const told = await said('peers', '--json');
    expect(told).toContain('far');
    for (const secret of [
      KEY,
      'paid',
      ...[one.url, two.url, far.url, keyed.url].map((url) => new URL(url).port),
    ])
      expect(told).not.toContain(secret);
    const models = await client(laptop.url).models.list();
    expect(models.data.map(({ id }) => id)).not.toContain('paid');
    await near.control.removeUpstream({ name: 'paid' }, never);
  });
});

describe('an answer whose host is killed in the middle', () => {
  test('is gone on with by another one, and the reader sees one answer', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held.promise = promise;
    const [before, after] = [one.asked.length, two.asked.length];
    let killed: SwarmNode | null = null;
    const events = await readEvents(await post(laptop.url, PAIR), async ({ text }) => {
      if (text === '' || killed !== null) return;
      killed = one.asked.length > before ? near : spare;
      await killed.kill();
    });
    resolve();
    expect(events.text).toBe('the lamp lifts the cart');
    expect(events.comments).toContain('pause');
    const [asked] = killed === near ? two.asked.slice(after) : one.asked.slice(before);
    expect(asked?.body).toMatchObject({
      ...{ continue_final_message: true, add_generation_prompt: false },
      messages: [{ role: 'user' }, { role: 'assistant', content: 'the lamp' }],
    });
    const left = killed === near ? spare : near;
    const leaving = Promise.withResolvers<void>();
    held.promise = leaving.promise;
    const cut = await readEvents(await post(laptop.url, PAIR), async ({ text }) => {
      if (text !== '' && left.running.child.exitCode === null) await left.kill();
    });
    leaving.resolve();
    expect(cut.text).toBe('the lamp');
    expect(cut.data.join('')).toMatch(/UPSTREAM_CUT|upstream/i);
  }, 60_000);
});
