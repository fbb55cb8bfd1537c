import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import {
  CHAT,
  HERE,
  type KeyedGateway,
  LAN_HOST,
  openKeyedGateway,
  PHONE,
} from '../../../../../test/kit/keyed-gateway.ts';
import { PAIRING_TRIES_MAX, SESSION_MS } from '../../access/limits.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { authenticate, principalFrom } from './authenticate.ts';
import type { Peer } from './peer.ts';
import { admit, principalOf, requireControl } from './principal.ts';

const CHATS = '/v1/chat/completions';
const originOf = (peer: Peer): string => (peer.kind === 'network' ? `http://${peer.here}` : '');
const own = (peer: Peer): Record<string, string> => ({
  origin: originOf(peer),
  'sec-fetch-site': 'same-origin',
});
const cookieOf = (response: Response): string =>
  (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';

async function login({ ask, access }: KeyedGateway, peer: Peer = HERE): Promise<string> {
  const { code } = access.logins.create();
  return cookieOf(await ask('/login', { peer, body: { code }, headers: own(peer) }));
}

async function pair({ ask, access }: KeyedGateway, typed?: string): Promise<Response> {
  const code = typed ?? access.pairing.create().code;
  return await ask('/pair', {
    peer: PHONE,
    body: new URLSearchParams({ code }).toString(),
    headers: { ...own(PHONE), 'content-type': 'application/x-www-form-urlencoded' },
  });
}

describe('a login link', () => {
  test('gives a cookie that scripts and other sites cannot use, once', async () => {
    const gateway = await openKeyedGateway();
    const { code } = gateway.access.logins.create();
    const enter = () => gateway.ask('/login', { body: { code }, headers: own(HERE) });
    const cookie = (await enter()).headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^filon_session=fs_\w+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    const again = await enter();
    expect([again.status, again.headers.get('set-cookie')]).toEqual([403, null]);
  });

  test('is for our own page alone', async () => {
    const gateway = await openKeyedGateway({ origins: ['https://app.example'] });
    const { code } = gateway.access.logins.create();
    const foreign = [
      {},
      { origin: 'https://app.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      expect((await gateway.ask('/login', { body: { code }, headers })).status).toBe(403);
    }
    expect((await gateway.ask('/login', { body: { code }, headers: own(HERE) })).status).toBe(200);
  });

  test('has a page that loads nothing, keeps nothing and is in no frame', async () => {
    const { ask } = await openKeyedGateway();
    for (const path of ['/login', '/pair']) {
      const page = await ask(path, { peer: PHONE, headers: { 'accept-language': 'es-BO,es;q=0.9' } });
      const policy = page.headers.get('content-security-policy') ?? '';
      expect(policy).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
      expect(policy).not.toContain('unsafe');
      expect(page.headers.get('cache-control')).toBe('no-store');
      const html = await page.text();
      expect(html).toContain('<html lang="es">');
      expect(html).not.toMatch(/https?:\/\//);
    }
    expect(await (await ask('/pair')).text()).not.toContain('<script');
  });
});

describe('a session', () => {
  test('by login link is the operator, also from the network; by pairing it is not', async () => {
    const gateway = await openKeyedGateway();
    const [here, there, paired] = [
      await login(gateway),
      await login(gateway, PHONE),
      cookieOf(await pair(gateway)),
    ];
    expect(new Set([here, there, paired]).size).toBe(3);
    for (const cookie of [there, paired]) {
      const chat = await gateway.ask(CHATS, { peer: PHONE, body: CHAT, headers: { ...own(PHONE), cookie } });
      expect(chat.status).toBe(200);
    }
    expect(await principalWith(gateway, { cookie: here })).toMatchObject({
      kind: 'browser',
      control: true,
      owner: 'local',
    });
    expect(await principalWith(gateway, { cookie: paired })).toMatchObject({
      ...{ kind: 'browser', control: false },
      owner: expect.stringMatching(/^session:/),
    });
    expect(await principalWith(gateway, {})).toMatchObject({ kind: 'local', control: false });
    expect(await controlWith(gateway, { cookie: here })).toBe(200);
    for (const headers of [{ cookie: paired }, {}, { authorization: `Bearer ${gateway.key()}` }]) {
      expect(await controlWith(gateway, headers)).toBe(500);
    }
  });

  test('cannot be used by pages of others, nor under a name that is not ours', async () => {
    const gateway = await openKeyedGateway({ origins: ['https://app.example'] });
    const cookie = await login(gateway, PHONE);
    const wrong: [Record<string, string>, number][] = [
      [{ origin: 'https://evil.example' }, 403],
      [{ origin: 'https://app.example' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: `http://${LAN_HOST}:1` }, 403],
      [{ origin: 'http://127.0.0.1:4141' }, 403],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
      [{}, 403],
      [{ ...own(PHONE), host: 'evil.example:4141' }, 403],
      [{ ...own(PHONE), 'content-type': 'application/x-www-form-urlencoded' }, 415],
      [{ ...own(PHONE), 'content-type': 'text/plain' }, 415],
    ];
    for (const [headers, status] of wrong) {
      const answer = await gateway.ask(CHATS, { peer: PHONE, body: CHAT, headers: { ...headers, cookie } });
      expect([headers, answer.status]).toEqual([headers, status]);
    }
    expect(gateway.engine.status().counters.generatedTokens).toBe(0);
  });

  test('reads for our own page and for one that was opened, not for others', async () => {
    const gateway = await openKeyedGateway();
    const cookie = await login(gateway, PHONE);
    const read = (headers: Record<string, string>) =>
      gateway.ask('/v1/models', { peer: PHONE, headers: { ...headers, cookie } });
    expect((await read({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await read({ 'sec-fetch-site': 'none' })).status).toBe(200);
    expect((await read({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await read({ origin: 'https://evil.example' })).status).toBe(403);
  });

  test('ends when it is ended, and in time', async () => {
    const gateway = await openKeyedGateway();
    const [cookie, other] = [await login(gateway, PHONE), cookieOf(await pair(gateway))];
    const read = async (of: string) =>
      (await gateway.ask('/v1/models', { peer: PHONE, headers: { cookie: of } })).status;
    expect([await read(cookie), await read(other)]).toEqual([200, 200]);
    gateway.access.sessions.end(gateway.access.sessions.list()[0]?.id ?? '');
    expect([await read(cookie), await read(other)]).toEqual([401, 200]);
    gateway.clock.advance(SESSION_MS);
    expect(await read(other)).toBe(401);
  });

  test('that is over leaves a caller on this machine what it had', async () => {
    const gateway = await openKeyedGateway();
    const answer = await gateway.ask(CHATS, {
      body: CHAT,
      headers: { ...own(HERE), cookie: 'filon_session=fs_old' },
    });
    expect(answer.status).toBe(200);
  });
});

describe('pairing', () => {
  test('a code lets one device in, once', async () => {
    const gateway = await openKeyedGateway();
    const { code } = gateway.access.pairing.create();
    const paired = await pair(gateway, code.toLowerCase());
    expect([paired.status, paired.headers.get('location')]).toEqual([303, '/']);
    expect((await pair(gateway, code)).status).toBe(403);
    expect(gateway.access.sessions.list().map(({ kind }) => kind)).toEqual(['pairing']);
  });

  test('guessing ends with the code void', async () => {
    const gateway = await openKeyedGateway();
    const { code } = gateway.access.pairing.create();
    for (let wrong = 0; wrong < PAIRING_TRIES_MAX; wrong++) {
      const refused = await pair(gateway, `ZZZZ-000${wrong}`);
      expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null]);
    }
    expect((await pair(gateway, code)).status).toBe(403);
    expect(gateway.access.sessions.list()).toEqual([]);
  });

  test('is not for pages of others, nor for more than a form', async () => {
    const gateway = await openKeyedGateway();
    const { code } = gateway.access.pairing.create();
    const send = (headers: Record<string, string>, body: string) =>
      gateway.ask('/pair', {
        ...{ peer: PHONE, body },
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
    const form = new URLSearchParams({ code }).toString();
    for (const origin of ['https://evil.example', 'null'])
      expect((await send({ origin }, form)).status).toBe(403);
    expect((await send({}, form)).status).toBe(403);
    expect((await send(own(PHONE), `code=${'x'.repeat(5_000)}`)).status).toBe(400);
    expect((await send(own(PHONE), form)).status).toBe(303);
  });
});

describe('nobody', () => {
  test('who opens the node on the network is asked for a code', async () => {
    const { ask } = await openKeyedGateway();
    const opened = await ask('/', { peer: PHONE });
    expect([opened.status, opened.headers.get('location')]).toEqual([302, '/pair']);
  });

  test('who follows a link of another site sees pages, and gets no right', async () => {
    const { ask } = await openKeyedGateway();
    const visit = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await ask('/login', { headers: visit })).status).toBe(200);
    expect((await ask('/v1/models', { headers: visit })).status).toBe(401);
    expect((await ask('/login', { headers: { ...visit, host: 'evil.example' } })).status).toBe(403);
    expect((await ask(CHATS, { body: CHAT, headers: visit })).status).toBe(403);
  });
});

/** A route behind the same gate that tells who it sees. */
function probe({ access }: KeyedGateway): Hono {
  const app = new Hono();
  const deps = {
    ...{ access, log: createMemoryLog(), proxied: false },
    ...{ hosts: new Set(['127.0.0.1:4141']), lanHosts: new Set<string>(), origins: new Set<string>() },
  };
  app.use('*', async (c, next) => {
    const found = authenticate(c, HERE, deps);
    const serving = {} as Parameters<typeof admit>[1]['serving'];
    const rights = { tierMax: 'own', models: null } as const;
    if (found.kind !== 'nobody') admit(c, { principal: principalFrom(found), serving, rights });
    await next();
  });
  app.get('/who', (c) => c.json(principalOf(c)));
  app.get('/control', (c) => {
    requireControl(c);
    return c.text('');
  });
  app.onError((_, c) => c.text('', 500));
  return app;
}

const asked = { host: '127.0.0.1:4141' };

async function principalWith(gateway: KeyedGateway, headers: Record<string, string>): Promise<unknown> {
  return await (await probe(gateway).request('/who', { headers: { ...asked, ...headers } })).json();
}

async function controlWith(gateway: KeyedGateway, headers: Record<string, string>): Promise<number> {
  return (await probe(gateway).request('/control', { headers: { ...asked, ...headers } })).status;
}
