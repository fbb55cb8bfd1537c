import { setImmediate as turn } from 'node:timers/promises';
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Member } from '@filon/core/swarm/proof';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { createMemoryHub } from '../../adapters/memory/network.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { ANCHORS_PER_GROUP_MAX, Anchors } from './anchors.ts';
import { Directory } from './directory.ts';
import { LINK_EXCHANGE_MS, LINKS_IN_MAX, LINKS_IN_PER_OPERATOR_MAX, LINKS_OUT } from './directory-limits.ts';
import { type Placed, partOf, pickDiverse } from './diverse.ts';
import type { OpenedRecord } from './records.ts';
import { Spread } from './spread.ts';
import { Topology } from './topology.ts';

const NOW_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const signal = new AbortController().signal;
const half = (): number => 0.5;

describe('parts of the network', () => {
  test.each([
    ['/ip4/203.0.113.7/tcp/4001', '203.0'],
    ['203.0.113.7:4001', '203.0'],
    ['/ip6/2001:db8:12::1/tcp/4001', '2001:db8'],
    ['[2001:DB8::1]:4001', '2001:db8'],
    ['/dns4/rig.example/tcp/4001', 'rig.example'],
    ['/dns/n17.a.Rig.example/tcp/4001', 'rig.example'],
    ['', ''],
  ])('%s is in %s', (address, part) => expect(partOf(address)).toBe(part));
});

describe('a choice of peers', () => {
  const flood: Placed[] = Array.from({ length: 3000 }, (_, i) => ({
    ...{ node: `flood-${i}`, operator: `flooder-${i % 500}` },
    addresses: [`/ip4/198.${i % 2}.0.${i % 256}/tcp/1`],
  }));
  const honest: Placed[] = Array.from({ length: 20 }, (_, i) => ({
    ...{ node: `honest-${i}`, operator: `person-${i}`, addresses: [`/ip4/${10 + i}.5.0.1/tcp/1`] },
  }));

  test('is not overrun by a flood from a few of them', () => {
    const draws = fc.infiniteStream(fc.double({ min: 0, max: 0.999_999, noNaN: true }));
    fc.assert(
      fc.property(draws, (stream) => {
        const draw = (): number => stream.next().value as number;
        const picked = pickDiverse([...flood, ...honest], LINKS_OUT, { taken: [], draw });
        expect(picked.filter(({ node }) => node.startsWith('honest'))).not.toHaveLength(0);
        expect(picked.filter(({ node }) => node.startsWith('flood')).length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 10 },
    );
  });

  test('takes as many as there are where there is one part alone', () => {
    const farm = honest.map((one) => ({ ...one, addresses: ['/ip4/192.168.1.4/tcp/1'] }));
    expect(pickDiverse(farm, 6, { taken: [], draw: half })).toHaveLength(6);
    expect(pickDiverse(farm.slice(0, 2), 6, { taken: [], draw: half })).toHaveLength(2);
  });
});

describe('anchors', () => {
  function open() {
    const clock = createManualClock({ nowMs: NOW_MS });
    const store = createMemoryStore();
    return { clock, store, anchors: new Anchors({ clock, store }) };
  }
  const place = (i: number, part = i): Placed => ({
    ...{ node: `n-${i}`, operator: `o-${i}`, addresses: [`/ip4/10.${part}.0.1/tcp/1`] },
  });

  test('those known for longest stay when a flood comes', () => {
    const { clock, store, anchors } = open();
    for (let i = 0; i < 10; i += 1) anchors.met(place(i));
    clock.advance(HOUR_MS);
    for (let i = 100; i < 400; i += 1) anchors.met(place(i, i % 250));
    const again = new Anchors({ clock, store }).list();
    expect(again.length).toBeLessThanOrEqual(64);
    expect(again.slice(0, 10).map(({ node }) => node)).toEqual(
      Array.from({ length: 10 }, (_, i) => `n-${i}`),
    );
  });

  test('one part of the network has a few of them, and one that was not met for months is forgotten', () => {
    const { clock, anchors } = open();
    for (let i = 0; i < 50; i += 1) anchors.met(place(i, 7));
    expect(anchors.list()).toHaveLength(ANCHORS_PER_GROUP_MAX);
    clock.advance(61 * 24 * HOUR_MS);
    anchors.met(place(60));
    expect(anchors.list().map(({ node }) => node)).toEqual(['n-60']);
  });
});

function scene() {
  const clock = createManualClock({ nowMs: NOW_MS });
  const hub = createMemoryHub({ clock });
  const parts: AsyncDisposable[] = [];
  const operators = new Map<KeyId, KeyId>();
  const open = async (key: string, { operator = key, own = [] as string[], isMember = true } = {}) => {
    operators.set(key, operator);
    const network = hub.open({ key });
    const lists = { own: new Set(own), trusted: new Set<KeyId>() };
    const read = (bytes: Uint8Array): OpenedRecord => JSON.parse(Buffer.from(bytes).toString());
    const directory = new Directory({ clock, lists: () => lists, open: read });
    const log = createMemoryLog();
    const anchors = new Anchors({ clock, store: createMemoryStore() });
    const find = (node: KeyId): Member | null => {
      const of = operators.get(node);
      return of === undefined ? null : ({ node, operator: of } as Member);
    };
    let seed = key.length * 7919 + key.charCodeAt(key.length - 1);
    const draw = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const about = { network, members: { find }, directory, anchors, clock, log, draw };
    const topology = new Topology({ ...about, lists: () => lists, isMember: () => isMember });
    const admits = topology.admits.bind(topology);
    const spread = new Spread({ network, directory, clock, log, admits });
    const announcement = {
      ...{ issuedMs: NOW_MS, expiresMs: NOW_MS + 900_000, version: '', devices: [], models: [], stored: [] },
      ...{ serves: 'open', canRelay: false, addresses: network.addresses(), payout: null },
    };
    directory.accept(Buffer.from(JSON.stringify({ node: key, operator, announcement })));
    topology.start(spread);
    parts.push(topology, spread, network);
    return { network, directory, spread, topology, anchors };
  };
  const pass = async (durationMs: number, stepMs = 250): Promise<void> => {
    for (let left = durationMs; left > 0; left -= stepMs) {
      await turn();
      clock.advance(Math.min(stepMs, left));
    }
    await turn();
  };
  const close = async (): Promise<void> => {
    for (const part of parts) await part[Symbol.asyncDispose]();
  };
  return { clock, hub, open, pass, [Symbol.asyncDispose]: close };
}

type Node = Awaited<ReturnType<ReturnType<typeof scene>['open']>>;
const meet = (a: Node, b: Node): Promise<unknown> =>
  a.network.dial({ peer: b.network.self, addresses: b.network.addresses() }, { signal });

describe('links', () => {
  test('whoever knows one member soon knows all of them, over links that it made', async () => {
    await using at = scene();
    const nodes: Node[] = [];
    for (let i = 0; i < 12; i += 1) nodes.push(await at.open(`node-${i}`));
    for (const node of nodes.slice(1)) await meet(node, nodes[0] as Node);
    await at.pass(60_000);
    for (const { directory, spread } of nodes) {
      expect(directory.nodes()).toHaveLength(12);
      expect(spread.links().filter(({ kind }) => kind === 'ours').length).toBeLessThanOrEqual(LINKS_OUT);
      expect(spread.links().length).toBeGreaterThan(2);
    }
  });

  test('are not made by a node that is no member any more', async () => {
    await using at = scene();
    const [member, out] = [await at.open('member'), await at.open('out', { isMember: false })];
    out.anchors.met({ node: 'member', operator: 'member', addresses: member.network.addresses() });
    await at.pass(60_000);
    expect(out.network.peers()).toEqual([]);
  });

  test('find whoever is there though the only member that all of them know is full', async () => {
    await using at = scene();
    const nodes: Node[] = [];
    for (let i = 0; i < 40; i += 1) nodes.push(await at.open(`node-${i}`));
    for (const node of nodes.slice(1)) await meet(node, nodes[0] as Node);
    await at.pass(240_000);
    expect(nodes.map(({ directory }) => directory.nodes().length)).toEqual(nodes.map(() => 40));
  });

  test('are exchanged now and then, and become anchors', async () => {
    await using at = scene();
    const nodes: Node[] = [];
    for (let i = 0; i < 40; i += 1) nodes.push(await at.open(`node-${i}`));
    for (const node of nodes.slice(1)) await meet(node, nodes[0] as Node);
    await at.pass(120_000);
    const peersOf = (): string[] =>
      (nodes[5] as Node).spread.links().flatMap((link) => (link.kind === 'ours' ? [link.peer] : []));
    const before = peersOf();
    expect((nodes[5] as Node).anchors.list().length).toBeGreaterThan(2);
    await at.pass(LINK_EXCHANGE_MS, 1000);
    const kept = peersOf().filter((peer) => before.includes(peer));
    expect(kept.length).toBeLessThan(before.length);
    expect(kept.length).toBeGreaterThan(0);
  });

  test('that others make are bounded, by operator as well, and one’s own operator is let in', async () => {
    await using at = scene();
    const node = await at.open('node', { own: ['me'] });
    for (let i = 0; i < LINKS_IN_PER_OPERATOR_MAX + 3; i += 1) {
      await meet(await at.open(`farm-${i}`, { operator: 'farm' }), node);
    }
    for (let i = 0; i < LINKS_IN_MAX + 10; i += 1) await meet(await at.open(`other-${i}`), node);
    await at.pass(60_000);
    const theirs = (): string[] =>
      node.spread.links().flatMap((link) => (link.kind === 'theirs' ? [link.peer] : []));
    expect(theirs().length).toBeLessThanOrEqual(LINKS_IN_MAX);
    expect(theirs().filter((peer) => peer.startsWith('farm')).length).toBeLessThanOrEqual(
      LINKS_IN_PER_OPERATOR_MAX,
    );
    const mine = await at.open('mine', { operator: 'me' });
    await meet(mine, node);
    await at.pass(60_000);
    expect(node.spread.links().map(({ peer }) => peer)).toContain('mine');
  });
});
