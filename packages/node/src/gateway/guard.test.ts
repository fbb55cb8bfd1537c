import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openScriptedGateway, type ScriptedGateway } from '../../../../test/kit/scripted-gateway.ts';
import { MODEL } from '../../../../test/kit/scripted-serving.ts';
import { createAccess } from '../access/access.ts';
import { createSystemClock } from '../adapters/local/clock.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import { DEFAULT_GATEWAY_LIMITS } from './http/limits.ts';
import { openGateway, SERVER_OPTIONS } from './listen.ts';

const BODY = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'a' }], max_tokens: 2 });

/** fetch does not let tests choose these headers. */
async function send(
  { gateway }: ScriptedGateway,
  headers: Record<string, string>,
  options: { method?: string; path?: string } = {},
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { method = 'POST', path = '/v1/chat/completions' } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof send>>>();
  const all = { host: `127.0.0.1:${gateway.port}`, 'content-type': 'application/json', ...headers };
  const outgoing = request(
    { host: '127.0.0.1', port: gateway.port, path, method, headers: all },
    (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    },
  );
  outgoing.on('error', reject);
  outgoing.end(method === 'POST' ? BODY : undefined);
  return await promise;
}

describe('the guard', () => {
  const refused: [string, Record<string, string>, number][] = [
    ['a rebinding host', { host: 'evil.example:4141' }, 403],
    ['our address with another port', { host: '127.0.0.1:1' }, 403],
    ['a name that ends like ours', { host: 'evil-localhost' }, 403],
    ['a page of another site', { origin: 'https://evil.example' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['our name under another scheme', { origin: 'https://127.0.0.1' }, 403],
    ['a cross-site request without an origin', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a form that posts text', { 'content-type': 'text/plain' }, 415],
    ['no type at all', { 'content-type': '' }, 415],
    ['a proxy', { 'x-forwarded-for': '10.0.0.1' }, 403],
    ['a proxy by the book', { forwarded: 'for=10.0.0.1' }, 403],
    ['a proxy that says so', { via: '1.1 proxy' }, 403],
  ];
  test.each(refused)('refuses %s, and gives no page the right to read it', async (_, headers, status) => {
    await using scripted = await openScriptedGateway();
    const response = await send(scripted, headers);
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: expect.stringMatching(/^GATEWAY_/) } });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(scripted.engine.status().counters.generatedTokens).toBe(0);
  });

  test('lets direct callers in, by each of our names and from our own pages', async () => {
    await using scripted = await openScriptedGateway();
    const { port } = scripted.gateway;
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LocalHost:${port}`, `[::1]:${port}`]) {
      expect((await send(scripted, { host })).status).toBe(200);
    }
    const type = { 'content-type': 'application/json; charset=utf-8' };
    expect((await send(scripted, { ...type, origin: `http://localhost:${port}` })).status).toBe(200);
  });

  test('lets listed origins in, and says so to their browsers alone', async () => {
    await using scripted = await openScriptedGateway({ origins: ['https://chat.example'] });
    const origin = 'https://chat.example';
    const answer = await send(scripted, { origin, 'sec-fetch-site': 'cross-site' });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, origin]);
    expect((await send(scripted, { origin }, { method: 'OPTIONS' })).status).toBe(204);
    const foreign = await send(scripted, { origin: 'https://evil.example' }, { method: 'OPTIONS' });
    expect(foreign.status).toBe(403);
  });

  test('stands before every path', async () => {
    await using scripted = await openScriptedGateway();
    for (const path of ['/', '/healthz', '/metrics', '/v1/models', '/nowhere']) {
      expect((await send(scripted, { host: 'evil.example' }, { method: 'GET', path })).status).toBe(403);
    }
  });
});

describe('behind a proxy', () => {
  test('callers on this machine need a key, and the socket of the home needs none', async () => {
    await using scripted = await openScriptedGateway();
    const folder = mkdtempSync(join(tmpdir(), 'filon-proxied-'));
    const socketPath = join(folder, 'api.sock');
    const clock = createSystemClock();
    const store = createMemoryStore();
    const access = createAccess({ pricePerMillionTokens: '0' }, { store, clock, randomBytes });
    const limits = { models: null, budgetTokens: null, budgetMoney: null, requestsPerMinute: null };
    const { secret } = access.keys.add({ ...limits, name: 'proxy', tier: 'own', expiresInMs: null });
    await using gateway = await openGateway(
      { host: '127.0.0.1', port: 0, hosts: [], origins: [], stopMs: 100, proxied: true, socketPath },
      {
        serving: scripted.serving,
        log: scripted.log,
        clock,
        access,
        limits: DEFAULT_GATEWAY_LIMITS,
        randomBytes,
      },
    );
    const ask = { ...scripted, gateway };
    expect((await send(ask, {})).status).toBe(401);
    expect(
      (await send(ask, { authorization: `Bearer ${secret}`, 'x-forwarded-for': '192.0.2.1' })).status,
    ).toBe(200);
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    const inside = await new Promise<number | undefined>((resolve, reject) => {
      const asking = request(
        { socketPath, path: '/v1/models', headers: { host: 'localhost' } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      asking.on('error', reject);
      asking.end();
    });
    expect(inside).toBe(200);
    rmSync(folder, { recursive: true });
  });
});

describe('a whole address in the request line', () => {
  test('is refused with credentials or the name of another host', async () => {
    await using scripted = await openScriptedGateway();
    const here = `127.0.0.1:${scripted.gateway.port}`;
    for (const host of [`${here}@evil`, 'evil.example', `user@${here}`, `user:word@${here}`]) {
      const path = `http://${host}/v1/chat/completions`;
      expect([host, (await send(scripted, {}, { path })).status]).toEqual([host, 400]);
    }
    const path = `http://${here}/v1/chat/completions`;
    expect((await send(scripted, {}, { path })).status).toBe(200);
    expect(JSON.stringify(scripted.log.lines)).not.toContain('request.failed');
  });
});

describe('listening', () => {
  test('looks for late headers each second, or their time is not kept', () => {
    expect(SERVER_OPTIONS).toMatchObject({ headersTimeout: 15_000, connectionsCheckingInterval: 1_000 });
  });

  const deps = async (scripted: ScriptedGateway) => ({
    serving: scripted.serving,
    log: scripted.log,
    clock: createSystemClock(),
    limits: DEFAULT_GATEWAY_LIMITS,
    randomBytes: (count: number) => new Uint8Array(count),
  });
  const config = { host: '127.0.0.1', port: 0, hosts: [], origins: [], stopMs: 100 };

  test('on a taken port says whose it is', async () => {
    await using scripted = await openScriptedGateway();
    const { port } = scripted.gateway;
    await expect(openGateway({ ...config, port }, await deps(scripted))).rejects.toMatchObject({
      details: { code: 'GATEWAY_PORT_TAKEN', port },
    });
  });

  test.each(['0.0.0.0', '::', '192.168.1.2', 'rig.example', '127.0.0.1.example'])(
    'on %s is refused while there are no keys',
    async (host) => {
      await using scripted = await openScriptedGateway();
      await expect(openGateway({ ...config, host }, await deps(scripted))).rejects.toMatchObject({
        code: 'GATEWAY_NOT_LOOPBACK',
      });
    },
  );
});
