import { FilonError } from '@filon/core/errors';
import type { CatalogueEntry } from '@filon/core/model/catalogue';
import type { PanelJob, PanelModel, PanelStatus } from '@filon/core/panel/messages';
import { describe, expect, test } from 'vitest';
import { storedModel } from '../../../../../test/kit/fixed-models.ts';
import { CHAT, PHONE } from '../../../../../test/kit/keyed-gateway.ts';
import { openPanelGateway, type PanelGateway } from '../../../../../test/kit/panel-gateway.ts';
import { createGate, MODEL } from '../../../../../test/kit/scripted-serving.ts';
import type { PullOptions } from '../../ports/models.ts';

const ROOT = '/filon/v1';
const entry = (name: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  ...{ name, title: name.toUpperCase(), licence: 'MIT', architecture: 'llama', contextTokens: 4096 },
  ...{ sources: ['file:/ore.gguf'], sha256: 'pinned at the first pull', bytes: 1000, memoryBytes: 2000 },
  tried: true,
  ...more,
});

async function codeOf(response: Response): Promise<[status: number, code: string | null]> {
  await response.arrayBuffer();
  return [response.status, response.headers.get('x-filon-error')];
}

async function modelsOf({ operate }: PanelGateway): Promise<PanelModel[]> {
  return (await (await operate(`${ROOT}/models`)).json()) as PanelModel[];
}

async function jobOf(response: Response): Promise<PanelJob> {
  return (await response.json()) as PanelJob;
}

const CALLS = [
  ['GET', '/models'],
  ['GET', '/status'],
  ['GET', '/network'],
  ['GET', '/jobs'],
  ['DELETE', '/jobs/1'],
  ['DELETE', '/answers/1'],
  ['GET', '/recipes'],
  ['GET', '/runs'],
  ['GET', '/runs/small-1'],
  ['POST', '/runs'],
  ['POST', '/runs/small-1/stop'],
  ['POST', '/runs/small-1/resume'],
  ['POST', '/pulls'],
  ['POST', `/models/${MODEL}/load`],
  ['POST', `/models/${MODEL}/unload`],
  ['DELETE', `/models/${MODEL}`],
] as const;

describe('who may ask', () => {
  test('everybody hears whether they are the operator', async () => {
    await using gateway = await openPanelGateway();
    const { secret } = gateway.access.keys.add({
      ...{ name: 'a key', models: null, budgetTokens: null, budgetMoney: null, requestsPerMinute: null },
      ...{ tier: 'own', expiresInMs: null },
    });
    expect(await (await gateway.operate(`${ROOT}/session`)).json()).toEqual({ control: true });
    expect(await (await gateway.ask(`${ROOT}/session`)).json()).toEqual({ control: false });
    const keyed = { headers: { authorization: `Bearer ${secret}` } };
    expect(await (await gateway.ask(`${ROOT}/session`, keyed)).json()).toEqual({ control: false });
    expect((await gateway.ask(`${ROOT}/session`, { peer: PHONE })).status).toBe(401);
    for (const [method, path] of CALLS) {
      const body = method === 'GET' ? {} : { body: { model: 'ore' } };
      const refusal = await gateway.ask(ROOT + path, { method, ...body, ...keyed });
      expect(await codeOf(refusal)).toEqual([403, 'ACCESS_CONTROL_NEEDED']);
    }
  });

  test.each(CALLS)('programs on this machine have no part in %s %s', async (method, path) => {
    await using gateway = await openPanelGateway();
    const body = method === 'GET' ? {} : { body: { model: 'ore' } };
    expect(await codeOf(await gateway.ask(ROOT + path, { method, ...body }))).toEqual([
      403,
      'ACCESS_CONTROL_NEEDED',
    ]);
    expect(gateway.pulled).toEqual([]);
    expect(gateway.stored.has(MODEL)).toBe(true);
  });

  test.each([
    [{ origin: 'https://other.example', 'sec-fetch-site': 'cross-site' }, 'GATEWAY_FORBIDDEN'],
    [{ origin: 'null' }, 'GATEWAY_FORBIDDEN'],
    [{ 'content-type': 'text/plain' }, 'GATEWAY_CONTENT_TYPE'],
  ])('a page of others cannot make the operator’s browser change anything: %o', async (headers, code) => {
    await using gateway = await openPanelGateway();
    const changes = CALLS.filter(([method]) => method !== 'GET');
    for (const [method, path] of changes) {
      const refusal = await gateway.operate(ROOT + path, { method, body: { model: 'ore' }, headers });
      expect((await codeOf(refusal))[1]).toBe(code);
    }
    expect([gateway.pulled, gateway.stored.has(MODEL)]).toEqual([[], true]);
  });
});

describe('models', () => {
  test('what is here comes first, and all say whether they fit and why not', async () => {
    await using gateway = await openPanelGateway({
      diskFreeBytes: 5000,
      catalogue: [
        entry('small', { tried: false }),
        entry('wide', { bytes: 9000 }),
        entry('hungry', { memoryBytes: 2 ** 40 }),
        entry(MODEL, { title: 'The scripted one' }),
      ],
    });
    const [here, small, wide, hungry, ...none] = await modelsOf(gateway);
    expect(here).toMatchObject({
      ...{ name: MODEL, title: 'The scripted one', stored: true, loaded: null, licence: 'Apache-2.0' },
    });
    expect(small).toMatchObject({ name: 'small', stored: false, fit: { fits: true }, untried: true });
    expect(wide?.fit).toEqual({ fits: false, lacks: 'disk', neededBytes: 9000, haveBytes: 5000 });
    expect(hungry?.fit).toMatchObject({ fits: false, lacks: 'memory', neededBytes: 2 ** 40 });
    expect(none).toEqual([]);
  });

  test('are loaded with progress, told as loaded, and unloaded', async () => {
    const gate = createGate();
    await using gateway = await openPanelGateway({ beforeLoad: () => gate.pass() });
    const job = await (await gateway.operate(`${ROOT}/models/${MODEL}/load`, { body: {} })).json();
    expect(job).toMatchObject({ kind: 'load', model: MODEL, state: 'running' });
    gate.open();
    await gateway.jobsUntil((jobs) => jobs[0]?.state === 'done');
    expect((await modelsOf(gateway))[0]?.loaded).toMatchObject({ sessions: 0, mode: 'fast' });
    const unloaded = await gateway.operate(`${ROOT}/models/${MODEL}/unload`, { body: {} });
    expect(await unloaded.json()).toEqual({ unloaded: MODEL });
    expect((await modelsOf(gateway))[0]?.loaded).toBeNull();
  });

  test('one that answers stays where it is', async () => {
    const gate = createGate();
    await using gateway = await openPanelGateway({ beforeToken: () => gate.pass() });
    const answer = gateway.ask('/v1/chat/completions', { body: CHAT });
    await gate.crowd(1);
    expect((await modelsOf(gateway))[0]?.loaded).toMatchObject({ sessions: 1 });
    const path = `${ROOT}/models/${MODEL}`;
    for (const [method, end] of [
      ['POST', '/unload'],
      ['DELETE', ''],
    ] as const) {
      const refusal = await gateway.operate(path + end, { method, body: {} });
      expect(await codeOf(refusal)).toEqual([503, 'SERVE_MODEL_IN_USE']);
    }
    expect(gateway.stored.has(MODEL)).toBe(true);
    gate.open();
    expect((await answer).status).toBe(200);
    expect((await gateway.operate(path, { method: 'DELETE' })).status).toBe(200);
    expect(await modelsOf(gateway)).toEqual([]);
  });

  test.each([
    'no-such-model',
    '..%2f..%2fetc%2fpasswd',
    '%00',
    '__proto__',
    'constructor',
    "'%3b--",
    '%3Cscript%3E',
    '%E2%80%AEeman',
    '%f0%28%8c%28',
    '%zz',
    'a'.repeat(5000),
  ])('a name that means nothing is unknown, whatever it is made of: %s', async (name) => {
    await using gateway = await openPanelGateway();
    for (const [method, end] of [
      ['POST', '/load'],
      ['POST', '/unload'],
      ['DELETE', ''],
    ] as const) {
      const refusal = await gateway.operate(`${ROOT}/models/${name}${end}`, {
        ...{ method, body: {} },
      });
      const words = await refusal.clone().text();
      expect(await codeOf(refusal)).toEqual([404, 'SERVE_MODEL_UNKNOWN']);
      expect(words.length).toBeLessThan(3000);
    }
    expect(gateway.stored.size).toBe(1);
  });
});

describe('pulls', () => {
  function heldPull(): {
    pull: (name: string, options: PullOptions) => Promise<never>;
    begun: Promise<void>;
  } {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const pull = (_name: string, { signal, onProgress }: PullOptions): Promise<never> => {
      onProgress?.({ phase: 'downloading', source: 'file:/ore', doneBytes: 40, totalBytes: 100 });
      resolve();
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
    };
    return { pull, begun };
  }

  test('go on by themselves, and every page sees them', async () => {
    const gate = createGate();
    await using gateway = await openPanelGateway({
      pull: async (_name, { onProgress }) => {
        onProgress?.({ phase: 'downloading', source: 'file:/ore', doneBytes: 40, totalBytes: 100 });
        await gate.pass();
        return storedModel('ore', 'b');
      },
    });
    const ask = (): Promise<Response> =>
      gateway.operate(`${ROOT}/pulls`, { body: { model: 'file:/ore.gguf' } });
    const first = await jobOf(await ask());
    expect(await jobOf(await ask())).toMatchObject({ id: first.id });
    const seen = gateway.jobsUntil((jobs) => jobs[0]?.state === 'done');
    await gateway.jobsUntil((jobs) => jobs[0]?.done === 40);
    gate.open();
    const told = await seen;
    expect(told[0]).toMatchObject([{ model: 'file:/ore.gguf', state: 'running', done: 40, total: 100 }]);
    expect(told.at(-1)).toMatchObject([{ state: 'done', done: 100 }]);
    expect((await modelsOf(gateway)).map(({ name }) => name)).toEqual([MODEL, 'ore']);
    expect(gateway.pulled).toEqual(['file:/ore.gguf']);
  });

  test('are cancelled once', async () => {
    const { pull, begun } = heldPull();
    await using gateway = await openPanelGateway({ pull });
    const { id } = await jobOf(await gateway.operate(`${ROOT}/pulls`, { body: { model: 'ore' } }));
    await begun;
    const cancel = (): Promise<Response> => gateway.operate(`${ROOT}/jobs/${id}`, { method: 'DELETE' });
    expect(await (await cancel()).json()).toEqual({ cancelled: id });
    const told = await gateway.jobsUntil((jobs) => jobs[0]?.state !== 'running');
    expect(told.at(-1)).toMatchObject([{ state: 'cancelled', error: null, done: 40 }]);
    expect(await codeOf(await cancel())).toEqual([404, 'PANEL_JOB_UNKNOWN']);
  });

  test.each(['0', '-1', '__proto__', '%00', '1%2f..', 'x'.repeat(3000)])(
    'there is no job %s to cancel',
    async (id) => {
      await using gateway = await openPanelGateway();
      const refusal = await gateway.operate(`${ROOT}/jobs/${id}`, { method: 'DELETE' });
      expect(await codeOf(refusal)).toEqual([404, 'PANEL_JOB_UNKNOWN']);
    },
  );

  test('tell why they failed', async () => {
    await using gateway = await openPanelGateway({
      pull: async () => {
        throw new FilonError({ code: 'MODEL_DISK_FULL' }, 'the disk is full');
      },
    });
    expect((await gateway.operate(`${ROOT}/pulls`, { body: { model: 'ore' } })).status).toBe(200);
    const told = await gateway.jobsUntil((jobs) => jobs[0]?.state === 'failed');
    expect(told.at(-1)?.[0]?.error).toEqual({ code: 'MODEL_DISK_FULL', message: 'the disk is full' });
  });

  test('are four at a time', async () => {
    await using gateway = await openPanelGateway({ pull: heldPull().pull });
    const statuses: number[] = [];
    for (const model of ['a', 'b', 'c', 'd', 'e']) {
      statuses.push((await gateway.operate(`${ROOT}/pulls`, { body: { model } })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
  });

  test.each([
    [{}],
    [{ model: '' }],
    [{ model: 7 }],
    [{ model: ['a'] }],
    [{ model: 'a'.repeat(2000) }],
    ['[]'],
    ['not json'],
    ['{"model":'],
  ])('are not begun by %j', async (body) => {
    await using gateway = await openPanelGateway();
    expect((await gateway.operate(`${ROOT}/pulls`, { body })).status).toBe(400);
    expect(gateway.pulled).toEqual([]);
  });
});

describe('following the jobs', () => {
  test('ends when the page goes, and holds no request open', async () => {
    await using gateway = await openPanelGateway();
    const inFlight = async (): Promise<string | undefined> =>
      /^filon_requests_in_flight (\d+)$/m.exec(await (await gateway.ask('/metrics')).text())?.[1];
    const { body, headers } = await gateway.operate(`${ROOT}/jobs`);
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    const reader = (body ?? new ReadableStream()).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: {"jobs":[]}\n\n');
    expect(await inFlight()).toBe('1');
    await reader.cancel();
    await expect.poll(inFlight).toBe('0');
  });
});

describe('status', () => {
  const statusOf = async ({ operate }: PanelGateway): Promise<PanelStatus> =>
    (await (await operate(`${ROOT}/status`)).json()) as PanelStatus;

  test('tells what was done since the start', async () => {
    await using gateway = await openPanelGateway();
    expect(await statusOf(gateway)).toMatchObject({
      ...{ version: '1.2.3', defaultModel: MODEL, ready: false, residentBytes: 1_000_000 },
      devices: [{ id: 'scripted-0', memoryBytes: 2 ** 34, freeBytes: 2 ** 33 }],
      ...{ sessions: [], active: 0, queued: 0, faults: [], counters: { generatedTokens: 0, answered: 0 } },
    });
    expect((await gateway.ask('/v1/chat/completions', { body: CHAT })).status).toBe(200);
    const { ready, counters, devices } = await statusOf(gateway);
    expect([ready, counters.answered, devices[0]?.worker]).toEqual([true, 1, 'up']);
    expect(devices[0]?.freeBytes).toBeLessThanOrEqual(2 ** 33);
    expect(counters.generatedTokens).toBeGreaterThan(0);
  });

  test('names the model that answers', async () => {
    const gate = createGate();
    await using gateway = await openPanelGateway({ beforeToken: () => gate.pass() });
    const answer = gateway.ask('/v1/chat/completions', { body: CHAT });
    await gate.crowd(1);
    expect(await statusOf(gateway)).toMatchObject({ active: 1, sessions: [{ model: MODEL, count: 1 }] });
    gate.open();
    await answer;
  });

  test('names the answers that go on, and ends the one that is stopped', async () => {
    const gate = createGate();
    await using gateway = await openPanelGateway({ beforeToken: () => gate.pass() });
    const begin = async (input: string): Promise<string> => {
      const body = { model: MODEL, input, background: true };
      const { id } = (await (await gateway.ask('/v1/responses', { body })).json()) as { id: string };
      return id;
    };
    const [first, second] = [await begin('the combination of the safe'), await begin('ore')];
    const status = await statusOf(gateway);
    const about = { model: MODEL, followers: 0, startedMs: expect.any(Number) };
    expect(status.answers).toEqual([1, 2].map((number) => ({ ...about, number })));
    expect(JSON.stringify(status)).not.toMatch(/combination|resp_/);
    const stop = async (number: string): Promise<unknown> =>
      (await gateway.operate(`${ROOT}/answers/${number}`, { method: 'DELETE' })).json();
    expect(await stop('1')).toEqual({ stopped: true });
    for (const none of ['1', '0', '-1', 'NaN', '__proto__', '%00']) {
      expect(await stop(none)).toEqual({ stopped: false });
    }
    const stateOf = async (id: string): Promise<unknown> =>
      ((await (await gateway.ask(`/v1/responses/${id}`)).json()) as { status: string }).status;
    expect([await stateOf(first), await stateOf(second)]).toEqual(['cancelled', 'in_progress']);
    expect(await statusOf(gateway)).toMatchObject({ active: 1, answers: [{ number: 2 }] });
    gate.open();
  });

  test('tells errors of the node without what was asked, and no errors of callers', async () => {
    await using gateway = await openPanelGateway({ diesAt: () => true });
    const secret = 'the combination of the safe';
    const body = { ...CHAT, messages: [{ role: 'user', content: secret }] };
    expect((await gateway.ask('/v1/chat/completions', { body })).status).toBeGreaterThanOrEqual(422);
    expect((await gateway.ask('/v1/chat/completions', { body: { ...body, model: 'none' } })).status).toBe(
      404,
    );
    const status = await statusOf(gateway);
    expect(JSON.stringify(status)).not.toContain(secret);
    expect(status.faults.map(({ code }) => code)).not.toContain('SERVE_MODEL_UNKNOWN');
    expect(status.counters.workerDeaths).toBeGreaterThan(0);
  });
});
