import { keyOf, servedByOf } from '@filon/core/panel/network.fixture';
import type { ServedBy } from '@filon/core/serving/completion';
import { TIERS } from '@filon/core/serving/tier';
import { expect, test } from 'vitest';
import { bearer, CHAT, openKeyedGateway } from '../../../../../test/kit/keyed-gateway.ts';
import { servingForOwner } from './gate.ts';

const PATHS = ['/v1/chat/completions', '/v1/responses'] as const;

/** What serving hears of the tier, and what the caller hears. */
async function open(): Promise<{
  heard: (string | undefined)[];
  ask: (headers: Record<string, string>, path?: string) => Promise<[status: number, code: string | null]>;
  keyed: (tier: (typeof TIERS)[number]) => Record<string, string>;
  gateway: Awaited<ReturnType<typeof openKeyedGateway>>;
}> {
  const gateway = await openKeyedGateway();
  const { serving } = gateway;
  const heard: (string | undefined)[] = [];
  const complete = serving.complete.bind(serving);
  serving.complete = (request, options) => {
    heard.push(options.tier);
    return complete(request, options);
  };
  return {
    ...{ heard, gateway },
    keyed: (tier) => bearer(gateway.key({ tier })),
    ask: async (headers, path = PATHS[0]) => {
      const body = path === PATHS[0] ? CHAT : { model: CHAT['model'], input: 'ore', max_output_tokens: 4 };
      const answer = await gateway.ask(path, { body, headers });
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('x-filon-error')];
    },
  };
}

test('whoever says nothing has the own machines, or those that the key was made for', async () => {
  const { ask, keyed, heard } = await open();
  await ask({});
  for (const tier of TIERS) await ask(keyed(tier));
  expect(heard).toEqual(['own', ...TIERS]);
});

test.each(PATHS)('what is chosen holds, at %s too', async (path) => {
  const { ask, keyed, heard } = await open();
  for (const tier of TIERS) expect(await ask({ 'filon-tier': tier }, path)).toEqual([200, null]);
  expect(await ask({ ...keyed('open'), 'filon-tier': 'own' }, path)).toEqual([200, null]);
  expect(heard).toEqual([...TIERS, 'own']);
});

test('nobody gets a wider tier than the key has, or one that is none', async () => {
  const { ask, keyed, heard } = await open();
  for (const [has, wants] of [
    ['own', 'trusted'],
    ['own', 'open'],
    ['trusted', 'open'],
  ] as const) {
    expect(await ask({ ...keyed(has), 'filon-tier': wants })).toEqual([403, 'ACCESS_TIER']);
  }
  for (const wrong of ['', 'OPEN', 'open, own', 'everybody', '__proto__']) {
    expect(await ask({ 'filon-tier': wrong })).toEqual([400, 'GATEWAY_REQUEST_INVALID']);
  }
  expect(heard).toEqual([]);
});

test('headers tell which nodes an answer comes from, and nothing of this one', async () => {
  const { ask, gateway } = await open();
  const { serving } = gateway;
  const complete = serving.complete.bind(serving);
  let servedBy: readonly ServedBy[] = [];
  serving.complete = async (request, options) => ({ ...(await complete(request, options)), servedBy });
  const heard = async (stream: boolean): Promise<(string | null)[]> => {
    const answer = await gateway.ask(PATHS[0], { body: { ...CHAT, stream } });
    await answer.arrayBuffer();
    return [answer.headers.get('filon-served-by'), answer.headers.get('filon-served-tier')];
  };
  expect(await ask({})).toEqual([200, null]);
  servedBy = [{ ...servedByOf('self'), node: null, tier: 'own' }];
  expect(await heard(false)).toEqual([null, null]);
  servedBy = [servedByOf('a', { tier: 'trusted' }), ...servedBy, servedByOf('b', { tier: 'own' })];
  const named = [`${keyOf('a')}, ${keyOf('b')}`, 'trusted'];
  expect([await heard(false), await heard(true)]).toEqual([named, named]);
});

test('an answer that is taken up again may use what its owner may use now', async () => {
  const { gateway, heard } = await open();
  const { access, serving, log } = gateway;
  gateway.key({ tier: 'trusted' });
  const [key] = access.keys.list();
  for (const owner of ['local', `key:${key?.id}`]) {
    const mine = servingForOwner(owner, { access, serving, log, answerTokensMax: 512 });
    const asked = { signal: AbortSignal.abort(new Error('not asked')) };
    await mine.complete({} as Parameters<typeof mine.complete>[0], asked).catch(() => undefined);
  }
  expect(heard).toEqual(['open', 'trusted']);
});
