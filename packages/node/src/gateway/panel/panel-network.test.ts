import {
  PANEL_MODELS_MAX,
  PANEL_PEERS_MAX,
  PANEL_STEPS_MAX,
  PANEL_WAYS_MAX,
  type PanelNetwork,
  type PanelOffers,
} from '@filon/core/panel/network';
import {
  busySwarm,
  keyOf,
  peerOf,
  selfOf,
  servedByOf,
  servedOf,
  swarmOf,
} from '@filon/core/panel/network.fixture';
import type { ServedBy } from '@filon/core/serving/completion';
import { keyName } from '@filon/core/swarm/key-name';
import { describe, expect, test } from 'vitest';
import { CHAT } from '../../../../../test/kit/keyed-gateway.ts';
import { openPanelGateway, type PanelGateway } from '../../../../../test/kit/panel-gateway.ts';
import { createScriptedNetwork } from '../../../../../test/kit/scripted-network.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';
import * as answers from '../openapi/panel-answers.ts';
import { panelNetwork } from './panel-network.ts';
import { panelOffers } from './panel-offers.ts';
import type { NotedWay } from './recent-ways.ts';

const ROOT = '/filon/v1';
const ANYBODY = { tierMax: 'open', models: null } as const;
const lookOf = (peers = busySwarm()) => ({ swarm: swarmOf(), self: selfOf(), peers });
const wayBy = (servedBy: ServedBy[]): NotedWay => ({
  ...{ id: 1, atMs: 7, model: 'm', tookMs: 5, tokens: 3, pauses: servedBy.length - 1, servedBy },
});

async function networkOf({ operate }: PanelGateway): Promise<PanelNetwork> {
  return answers.panelNetwork.parse(await (await operate(`${ROOT}/network`)).json());
}

describe('the network', () => {
  test('of a node that has none is empty, and its answers are told all the same', async () => {
    await using gateway = await openPanelGateway();
    expect((await gateway.ask('/v1/chat/completions', { body: CHAT })).status).toBe(200);
    const told = await networkOf(gateway);
    expect(told).toMatchObject({ swarm: null, self: null, peers: [], totals: { peers: 0, connected: 0 } });
    expect(told.ways).toMatchObject([
      { id: 1, model: MODEL, pauses: 0, steps: [{ node: null, tier: 'own' }] },
    ]);
    expect(told.ways[0]?.tokens).toBeGreaterThan(0);
  });

  test('is told as it is at that moment, to the operator alone', async () => {
    const network = createScriptedNetwork({ peers: busySwarm() });
    await using gateway = await openPanelGateway({ network });
    expect((await gateway.ask(`${ROOT}/network`)).status).toBe(403);
    const before = await networkOf(gateway);
    expect(before.totals).toEqual({ peers: 8, connected: 7, tokensPerSecond: 426 });
    expect(before.peers.map(({ tier }) => tier).slice(0, 4)).toEqual(['own', 'own', 'trusted', 'trusted']);
    expect(before.peers.at(-1)?.connection).toBeNull();
    network.now({ peers: [peerOf('last')], self: selfOf({ reach: 'none' }) });
    expect(await networkOf(gateway)).toMatchObject({ totals: { peers: 1 }, self: { reach: 'none' } });
  });

  test('of very many nodes is within its limits, the nearest first, and the same every time', () => {
    const models = Array.from({ length: 40 }, (_, index) => servedOf(`m${index}`));
    const crowd = Array.from({ length: 1000 }, (_, index) =>
      peerOf(`${index}`, { models, tier: index % 3 === 0 ? 'own' : 'open' }),
    );
    const told = panelNetwork(lookOf(crowd), [], 0);
    expect(answers.panelNetwork.parse(told)).toEqual(told);
    expect([told.peers.length, told.totals.peers]).toEqual([PANEL_PEERS_MAX, 1000]);
    expect(told.peers.every(({ tier }) => tier === 'own')).toBe(true);
    expect(told.peers[0]?.models).toHaveLength(PANEL_MODELS_MAX);
    expect(panelNetwork(lookOf(crowd.toReversed()), [], 0).peers).toEqual(told.peers);
  });

  test('names who answered, those who are gone too', () => {
    const { peers } = lookOf();
    const [step, gone] = [servedByOf('garage', { tier: 'own' }), servedByOf('gone')];
    const [way] = panelNetwork(lookOf(), [wayBy([step, gone])], 0).ways;
    expect(way?.steps.map(({ name }) => name)).toEqual([
      peers.find(({ key }) => key === keyOf('garage'))?.name,
      keyName(keyOf('gone')),
    ]);
  });

  test('of a way through very many nodes tells its beginning and its end', () => {
    const steps = Array.from({ length: 20 }, (_, index) => servedByOf(`${index}`));
    const [way] = panelNetwork(lookOf(), [wayBy(steps)], 0).ways;
    expect(way?.steps.map(({ node }) => node)).toEqual(
      [0, 13, 14, 15, 16, 17, 18, 19].map((index) => keyOf(`${index}`)),
    );
    expect(way?.steps).toHaveLength(PANEL_STEPS_MAX);
  });

  test('remembers so many answers, the newest first', async () => {
    await using gateway = await openPanelGateway();
    for (let count = 0; count < PANEL_WAYS_MAX + 3; count += 1) {
      await (await gateway.ask('/v1/chat/completions', { body: { ...CHAT, max_tokens: 1 } })).json();
    }
    const { ways } = await networkOf(gateway);
    expect(ways).toHaveLength(PANEL_WAYS_MAX);
    expect(ways.map(({ id }) => id).slice(0, 2)).toEqual([PANEL_WAYS_MAX + 3, PANEL_WAYS_MAX + 2]);
  });
});

describe('offers', () => {
  test('are what may be had for each model, by tier: how many, how fast, and the most it may cost', () => {
    const offers = panelOffers(lookOf(), ANYBODY);
    expect(answers.panelOffers.parse(offers)).toEqual(offers);
    expect(offers.swarm).toBe('veta');
    expect(offers.models.find(({ name }) => name === 'qwen3-8b')?.tiers).toEqual([
      { tier: 'own', nodes: 1, tokensPerSecond: 47, priceMax: null },
      {
        tier: 'trusted',
        nodes: 2,
        tokensPerSecond: 92,
        priceMax: { promptPico: 50_000, answerPico: 200_000 },
      },
      { tier: 'open', nodes: 1, tokensPerSecond: 40, priceMax: null },
    ]);
  });

  test('of upstreams are of the tier of their endpoints, not of their nodes', () => {
    const models = [servedOf('m'), servedOf('m', { upstream: 'open', tokensPerSecond: 90 })];
    const look = lookOf([peerOf('mine', { tier: 'own', models })]);
    const tiersOf = (tierMax: 'own' | 'open') =>
      panelOffers(look, { tierMax, models: null }).models[0]?.tiers;
    expect(tiersOf('own')).toMatchObject([{ tier: 'own', tokensPerSecond: 40 }]);
    expect(tiersOf('open')).toMatchObject([{ tier: 'own' }, { tier: 'open', tokensPerSecond: 90 }]);
  });

  test('are none of nodes whose announcement is over, and none without a swarm', () => {
    const over = busySwarm().map((peer) => ({ ...peer, expiresMs: null }));
    expect(panelOffers(lookOf(over), ANYBODY).models).toEqual([]);
    expect(panelOffers({ ...lookOf(), swarm: null }, ANYBODY)).toEqual({
      swarm: null,
      tierMax: 'open',
      models: [],
    });
    expect(panelOffers(null, ANYBODY).swarm).toBeNull();
  });

  test('of a key are those of its tier and of its models', async () => {
    await using gateway = await openPanelGateway({ network: createScriptedNetwork({ peers: busySwarm() }) });
    const { secret } = gateway.access.keys.add({
      ...{ name: 'k', budgetTokens: null, budgetMoney: null, requestsPerMinute: null, expiresInMs: null },
      ...{ tier: 'trusted', models: ['qwen3-8b', 'llama-3.1-8b'] },
    });
    const headers = { authorization: `Bearer ${secret}` };
    const offers = (await (await gateway.ask(`${ROOT}/offers`, { headers })).json()) as PanelOffers;
    expect(offers.tierMax).toBe('trusted');
    expect(offers.models.map(({ name, tiers }) => [name, tiers.map(({ tier }) => tier)])).toEqual([
      ['qwen3-8b', ['own', 'trusted']],
    ]);
    const all = (await (await gateway.ask(`${ROOT}/offers`)).json()) as PanelOffers;
    expect(all.models.length).toBeGreaterThan(3);
  });
});
