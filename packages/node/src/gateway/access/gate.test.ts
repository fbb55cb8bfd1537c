import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bearer,
  CHAT,
  HERE,
  HOST,
  type KeyedGateway,
  LAN_HOST,
  openKeyedGateway,
  PHONE,
} from '../../../../../test/kit/keyed-gateway.ts';
import { ATTEMPTS_PER_MINUTE } from '../../access/limits.ts';
import { newSecret } from '../../access/secret.ts';
import { INSIDE } from './peer.ts';

const CHATS = '/v1/chat/completions';
const codeOf = async (response: Response): Promise<string | null> => {
  await response.text();
  return response.headers.get('x-filon-error');
};

describe('from this machine', () => {
  test('no key is needed, and any word that clients must send for one will do', async () => {
    const { ask } = await openKeyedGateway();
    for (const headers of [{}, bearer('none'), bearer('sk-whatever'), { 'x-api-key': 'ollama' }]) {
      expect((await ask(CHATS, { body: CHAT, headers })).status).toBe(200);
    }
    expect((await ask(CHATS, { body: CHAT, peer: INSIDE })).status).toBe(200);
  });

  test('what claims to be a key must be one', async () => {
    const { ask, key, engine } = await openKeyedGateway();
    const secret = key();
    const wrong = [
      newSecret('filon_', () => new Uint8Array(32)),
      `${secret}x`,
      secret.slice(0, -1),
      'filon_',
    ];
    for (const text of wrong) {
      const refused = await ask(CHATS, { body: CHAT, headers: bearer(text) });
      expect([refused.status, await codeOf(refused)]).toEqual([401, 'ACCESS_KEY_WRONG']);
    }
    expect(engine.status().counters.generatedTokens).toBe(0);
    expect((await ask(CHATS, { body: CHAT, headers: bearer(secret) })).status).toBe(200);
    expect((await ask(CHATS, { body: CHAT, headers: { 'x-api-key': secret } })).status).toBe(200);
  });

  test('callers need a key where a proxy may stand in front', async () => {
    const { ask, key } = await openKeyedGateway({ proxied: true });
    expect(await codeOf(await ask(CHATS, { body: CHAT }))).toBe('ACCESS_KEY_NEEDED');
    const passedOn = { ...bearer(key()), 'x-forwarded-for': '198.51.100.1', host: 'api.example' };
    expect((await ask(CHATS, { body: CHAT, headers: passedOn })).status).toBe(200);
  });

  test('names of the network do not pass for this machine', async () => {
    const { ask } = await openKeyedGateway();
    const refused = await ask(CHATS, { body: CHAT, headers: { host: 'rig.local:4141' } });
    expect(await codeOf(refused)).toBe('GATEWAY_FORBIDDEN');
  });
});

describe('from the network', () => {
  test('nothing is answered without a key, and nothing is read', async () => {
    const { ask, engine } = await openKeyedGateway();
    for (const path of [
      '/v1/models',
      '/metrics',
      '/readyz',
      '/v1/messages',
      '/api/tags',
      '/api/version',
      CHATS,
    ]) {
      const get = await ask(path, { peer: PHONE });
      expect([401, 404, 405]).toContain(get.status);
      const post = await ask(path, { peer: PHONE, body: 'not even JSON' });
      expect([path, post.status]).toEqual([path, 401]);
    }
    for (const secret of ['none', 'sk-x']) {
      const refused = await ask('/v1/models', { peer: PHONE, headers: bearer(secret) });
      expect(await codeOf(refused)).toBe('ACCESS_KEY_WRONG');
    }
    expect(engine.status().counters.promptTokens).toBe(0);
    expect((await ask('/healthz', { peer: PHONE })).status).toBe(200);
  });

  test('a key is enough, by whatever name and through whatever proxy', async () => {
    const { ask, key } = await openKeyedGateway();
    const headers = { ...bearer(key()), host: 'tunnel.example', via: '1.1 proxy' };
    expect((await ask(CHATS, { peer: PHONE, body: CHAT, headers })).status).toBe(200);
    expect((await ask('/v1/models', { peer: PHONE, headers })).status).toBe(200);
  });

  test('a key sees no more of the node than whether it is ready', async () => {
    const { ask, key } = await openKeyedGateway();
    expect((await ask('/api/version', { peer: PHONE })).status).toBe(401);
    for (const peer of [HERE, PHONE]) {
      const headers = bearer(key());
      expect(await (await ask('/readyz', { peer, headers })).json()).toEqual({ ready: expect.any(Boolean) });
      expect((await ask('/metrics', { peer, headers })).status).toBe(403);
    }
    expect(await (await ask('/readyz')).json()).toMatchObject({ reason: expect.any(String) });
    expect((await ask('/metrics')).status).toBe(200);
  });

  test('a key does not lift what protects against pages', async () => {
    const { ask, key } = await openKeyedGateway({ origins: ['https://app.example'] });
    const headers = bearer(key());
    const form = { ...headers, 'content-type': 'text/plain' };
    expect((await ask(CHATS, { peer: PHONE, body: CHAT, headers: form })).status).toBe(415);
    const evil = await ask(CHATS, {
      peer: PHONE,
      body: CHAT,
      headers: { ...headers, origin: 'https://evil.example' },
    });
    expect([await codeOf(evil), evil.headers.get('access-control-allow-origin')]).toEqual([
      'GATEWAY_FORBIDDEN',
      null,
    ]);
    const listed = { ...headers, origin: 'https://app.example' };
    const answer = await ask(CHATS, { peer: PHONE, body: CHAT, headers: listed });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://app.example',
    ]);
    const asks = {
      origin: 'https://app.example',
      'access-control-request-headers': 'x-stainless-os,authorization',
    };
    const preflight = await ask(CHATS, { peer: PHONE, method: 'OPTIONS', headers: asks });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-stainless-os');
    const foreign = await ask(CHATS, {
      peer: PHONE,
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example' },
    });
    expect([401, 403]).toContain(foreign.status);
    const wrong = await ask(CHATS, { peer: PHONE, body: CHAT, headers: { ...listed, ...bearer('filon_x') } });
    expect([wrong.status, wrong.headers.get('access-control-allow-origin')]).toEqual([
      401,
      'https://app.example',
    ]);
  });

  test('a key may come from a page of this node, by any of its names', async () => {
    const { ask, key } = await openKeyedGateway();
    for (const host of [LAN_HOST, 'rig.local:4141', HOST]) {
      const headers = { ...bearer(key()), origin: `http://${host}` };
      expect((await ask(CHATS, { peer: PHONE, body: CHAT, headers })).status).toBe(200);
    }
  });

  test('each vendor words it its own way', async () => {
    const { ask } = await openKeyedGateway();
    const anthropic = await ask('/v1/messages', { peer: PHONE, body: {} });
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    const openai = await ask(CHATS, { peer: PHONE, body: {} });
    expect(await openai.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    expect(await (await ask('/api/chat', { peer: PHONE, body: {} })).json()).toEqual({
      error: expect.any(String),
    });
  });

  test('no guess passes, and whoever goes on guessing is told to wait', async () => {
    const { ask, key, clock } = await openKeyedGateway();
    const secret = key();
    let refusals = 0;
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(PHONE, HERE), async (seed, peer) => {
        const guess = bearer(newSecret('filon_', () => seed));
        const { status } = await ask('/v1/models', { peer, headers: guess });
        refusals += 1;
        expect([401, 429]).toContain(status);
      }),
      { numRuns: ATTEMPTS_PER_MINUTE * 3 },
    );
    expect(refusals).toBeGreaterThan(ATTEMPTS_PER_MINUTE * 2);
    const limited = await ask('/v1/models', { peer: PHONE, headers: bearer('filon_guess') });
    expect([limited.status, await codeOf(limited)]).toEqual([429, 'ACCESS_ATTEMPTS']);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    // Who has a key is not shut out by a neighbour without one.
    expect((await ask('/v1/models', { peer: PHONE, headers: bearer(secret) })).status).toBe(200);
    clock.advance(60_000);
    expect(await codeOf(await ask('/v1/models', { peer: PHONE, headers: bearer('filon_guess') }))).toBe(
      'ACCESS_KEY_WRONG',
    );
  });
});

describe('a key', () => {
  test('ends at its time and when it is removed, without a word about which', async () => {
    const { ask, key, clock, access } = await openKeyedGateway();
    const [short, removed] = [key({ expiresInMs: 60_000 }), key({ name: 'removed' })];
    expect((await ask('/v1/models', { headers: bearer(short) })).status).toBe(200);
    clock.advance(60_000);
    access.keys.remove(access.keys.named('removed'));
    const answers = await Promise.all(
      [short, removed, 'filon_never'].map(async (secret) =>
        (await ask('/v1/models', { headers: bearer(secret) })).json(),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  test('makes so many requests a minute', async () => {
    const { ask, key, clock } = await openKeyedGateway();
    const headers = bearer(key({ requestsPerMinute: 2 }));
    const first = await ask(CHATS, { body: CHAT, headers });
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '30s',
    });
    expect((await ask(CHATS, { body: CHAT, headers })).status).toBe(200);
    const refused = await ask(CHATS, { body: CHAT, headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
    expect(await codeOf(refused)).toBe('ACCESS_RATE');
    expect((await ask('/v1/models', { headers })).status).toBe(200);
    expect((await ask(CHATS, { body: CHAT, headers: bearer(key()) })).status).toBe(200);
    clock.advance(30_000);
    expect((await ask(CHATS, { body: CHAT, headers })).status).toBe(200);
  });

  test('has used up its budget: refused, and not to be asked again', async () => {
    const { ask, key } = await openKeyedGateway();
    const headers = bearer(key({ budgetTokens: 12 }));
    while ((await ask(CHATS, { body: CHAT, headers })).status === 200);
    const refused = await ask(CHATS, { body: CHAT, headers });
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'false']);
    expect(await codeOf(refused)).toBe('ACCESS_BUDGET');
  });

  test('is in no log', async () => {
    const gateway: KeyedGateway = await openKeyedGateway();
    const secret = gateway.key();
    await gateway.ask(CHATS, { body: CHAT, headers: bearer(secret) });
    await gateway.ask(CHATS, { body: CHAT, headers: bearer(`${secret}9`) });
    expect(gateway.log.lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(gateway.log.lines)).not.toContain(secret.slice(0, 20));
  });
});
