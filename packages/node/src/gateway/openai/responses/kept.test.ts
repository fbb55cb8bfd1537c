import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { openChunkGateway } from '../../../../../../test/kit/chunk-gateway.ts';
import { openScriptedGateway } from '../../../../../../test/kit/scripted-gateway.ts';
import { MODEL, openScriptedServing } from '../../../../../../test/kit/scripted-serving.ts';
import { createSystemClock } from '../../../adapters/local/clock.ts';
import { createMemoryStore } from '../../../adapters/memory/store.ts';
import { DEFAULT_DURABLE_LIMITS, type DurableLimits } from '../../../serve/durable/limits.ts';
import { openDurableAnswers } from '../../../serve/durable/open-durable-answers.ts';
import { admit, servingOf } from '../../access/principal.ts';
import { Intake } from '../../http/intake.ts';
import { DEFAULT_GATEWAY_LIMITS } from '../../http/limits.ts';
import { Metrics } from '../../http/metrics.ts';
import { RecentFaults } from '../../http/recent-faults.ts';
import { responsesRoutes } from './routes.ts';

const BODY = { model: MODEL, input: 'Ore?', seed: 5, max_output_tokens: 20, stream: true };
const PAUSE = 'event: response.filon.pause';

/** What was sent, without comments. */
const eventsOf = (text: string): string[] => text.split('\n\n').filter((part) => part.startsWith('event: '));

describe('responses that are kept', () => {
  test('say that a worker died, to those who asked, and go on as if nothing had happened', async () => {
    await using quiet = await openScriptedGateway();
    const calm = eventsOf(await (await quiet.post('/responses', BODY)).text());
    let deaths = 0;
    await using stormy = await openScriptedGateway({
      diesAt: ({ position }) => position > 20 && deaths++ === 0,
    });
    const body = { ...BODY, include: ['response.filon.pause'] };
    const text = await (await stormy.post('/responses', body)).text();
    expect(deaths).toBeGreaterThan(0);
    expect(text).toContain(': pause\n\n');
    const events = eventsOf(text);
    expect(events.filter((event) => event.startsWith(PAUSE))).toHaveLength(1);
    const bare = (all: readonly string[]): string[] =>
      all.filter((event) => event.startsWith('event: response.output_text.delta'));
    expect(bare(events).length).toBeGreaterThan(3);
    expect(bare(events)).toEqual(bare(calm));
    const id = /"id":"(resp_\w+)"/.exec(text)?.[1];
    const again = await (await fetch(`${stormy.baseURL}/responses/${id}?stream=true`)).text();
    expect(eventsOf(again)).toEqual(events);
  });

  test('end as cancelled when the only connection leaves', async () => {
    await using gateway = await openScriptedGateway();
    const client = new OpenAI({ baseURL: gateway.baseURL, apiKey: 'none', maxRetries: 0 });
    const long = { ...BODY, stream: true, max_output_tokens: 4_000, ignore_eos: true } as const;
    let id = '';
    for await (const event of await client.responses.create(long)) {
      if (event.type === 'response.created') id = event.response.id;
      if (event.type === 'response.output_text.delta') break;
    }
    // Following it would keep it: what is left of it says when it ended.
    await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe('cancelled');
    const next = await client.responses.create({
      ...{ model: MODEL, input: 'And?', previous_response_id: id, max_output_tokens: 4 },
    });
    const items = await Array.fromAsync(client.responses.inputItems.list(next.id, { order: 'asc' }));
    expect(items.map(({ type }) => type)).toEqual(['message', 'message', 'message']);
  });
});

describe('responses of somebody else', () => {
  test('cannot be read, followed, stopped, deleted or gone on from', async () => {
    const app = await openOwnedApp();
    const ask = async (owner: string, path: string, init: RequestInit = {}): Promise<Response> =>
      await app.request(path, {
        ...init,
        headers: { owner, 'content-type': 'application/json' },
      });
    const make = (owner: string, more: object): Promise<Response> =>
      ask(owner, '/', { method: 'POST', body: JSON.stringify({ ...BODY, stream: false, ...more }) });
    const { id } = (await (await make('a', {})).json()) as { id: string };
    expect((await ask('a', `/${id}`)).status).toBe(200);
    const stranger: [string, RequestInit][] = [
      [`/${id}`, {}],
      [`/${id}?stream=true`, {}],
      [`/${id}/input_items`, {}],
      [`/${id}/cancel`, { method: 'POST' }],
      [`/${id}`, { method: 'DELETE' }],
    ];
    for (const [path, init] of stranger) {
      const found = await ask('b', path, init);
      const missing = await ask('b', path.replace(id, 'resp_none'), init);
      expect(found.status).toBe(404);
      expect((await found.text()).replaceAll(id, 'ID')).toBe(
        (await missing.text()).replaceAll('resp_none', 'ID'),
      );
    }
    expect((await make('b', { previous_response_id: id })).status).toBe(400);
    expect((await ask('a', `/${id}`)).status).toBe(200);
  });
});

describe('a key that stores much', () => {
  const limits = { keptBytesMax: 1 << 20, keptOwnerBytesMax: 1 << 18, noteBytesMax: 1 << 16 };
  const toolOf = (characters: number): object => ({
    ...{ type: 'function', name: 'dig', parameters: { type: 'object' } },
    description: 'x'.repeat(characters),
  });

  test('drops its own answers, never those of others', async () => {
    const app = await openOwnedApp(limits);
    const make = async (owner: string, more: object = {}): Promise<string> => {
      const body = JSON.stringify({ ...BODY, stream: false, ...more });
      const headers = { owner, 'content-type': 'application/json' };
      const response = await app.request('/', { method: 'POST', headers, body });
      expect(response.status).toBe(200);
      return ((await response.json()) as { id: string }).id;
    };
    const statusOf = async (owner: string, id: string): Promise<number> =>
      (await app.request(`/${id}`, { headers: { owner } })).status;
    const others = await Promise.all(
      ['a', 'b', 'c'].map(async (owner) => [owner, await make(owner)] as const),
    );
    const large = { tools: [toolOf(60_000)], tool_choice: 'none' };
    const first = await make('greedy', large);
    for (let count = 0; count < 40; count++) await make('greedy', large);
    const last = await make('greedy', large);
    for (const [owner, id] of others) expect(await statusOf(owner, id)).toBe(200);
    expect(await statusOf('greedy', first)).toBe(404);
    expect(await statusOf('greedy', last)).toBe(200);
  });

  test('is told when what is to be stored beside one answer is too much', async () => {
    const app = await openOwnedApp(limits);
    const ask = async (more: object): Promise<Response> =>
      await app.request('/', {
        ...{ method: 'POST', headers: { owner: 'a', 'content-type': 'application/json' } },
        body: JSON.stringify({
          ...BODY,
          stream: false,
          tools: [toolOf(70_000)],
          tool_choice: 'none',
          ...more,
        }),
      });
    const refused = await ask({});
    expect(refused.status).toBe(422);
    expect(await refused.json()).toMatchObject({ error: { code: 'ANSWER_NOTE_TOO_LARGE' } });
    expect((await ask({ store: false })).status).toBe(200);
  });
});

/** The routes behind a guard that believes whatever a header says. */
async function openOwnedApp(limits: Partial<DurableLimits> = {}): Promise<Hono> {
  const clock = createSystemClock();
  const { serving, log } = await openScriptedServing({ clock });
  const answers = await openDurableAnswers(
    { ...DEFAULT_DURABLE_LIMITS, ...limits },
    {
      ...{ store: createMemoryStore(), clock, log, serving: () => serving },
      readiness: () => serving.readiness(),
    },
  );
  const intake = new Intake({
    ...{
      clock,
      log,
      limits: DEFAULT_GATEWAY_LIMITS,
      metrics: new Metrics(),
      faults: new RecentFaults(clock),
    },
  });
  const app = new Hono();
  app.use('*', async (c, next) => {
    const id = c.req.header('owner') ?? '';
    const principal = { kind: 'key', owner: `key:${id}`, control: false, id, name: id } as const;
    admit(c, { principal, serving, rights: { tierMax: 'open', models: null } });
    await next();
  });
  return app.route('/', responsesRoutes({ servingOf, intake, clock, randomBytes, answers }));
}

describe('a node that keeps no answers', () => {
  test('answers all the same, and says so when asked to keep one', async () => {
    await using chunks = await openChunkGateway();
    chunks.answerWith([{ kind: 'end', choice: 0, reason: 'stop' }]);
    const client = new OpenAI({ baseURL: `${chunks.gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const ask = { model: MODEL, input: 'Ore?' };
    const { id, store } = { store: true, ...(await client.responses.create(ask)) };
    expect(store).toBe(false);
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
    const kept = client.responses.create({ ...ask, store: true });
    await expect(kept).rejects.toMatchObject({ status: 400, param: 'store' });
    const background = client.responses.create({ ...ask, background: true });
    await expect(background).rejects.toMatchObject({ status: 400, param: 'background' });
    const onward = client.responses.create({ ...ask, previous_response_id: id });
    await expect(onward).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
  });
});
