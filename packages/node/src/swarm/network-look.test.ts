import { expect, test } from 'vitest';
import { keyNamed } from '../../../../test/kit/swarm-keys.ts';
import { identityNamed, never, openScene, type Scene } from '../../../../test/kit/swarm-scene.ts';
import { createMemoryLog } from '../adapters/memory/log.ts';
import { createMemoryStore } from '../adapters/memory/store.ts';
import type { Reachability } from '../ports/network.ts';
import type { GuestSeats } from '../ports/replicas.ts';
import type { AnnouncedSettings } from './directory/announcer.ts';
import { openRoster } from './membership/roster.ts';
import { verifyEd25519 } from './membership/verify.ts';
import { networkLook } from './network-look.ts';
import { openSwarm } from './open-swarm.ts';

const NO_SEATS: GuestSeats = {
  take: () => Promise.reject(new RangeError('it computes nothing')),
  complete: () => {
    throw new RangeError('it computes nothing');
  },
  offers: () => [],
};
const UNKNOWN: Reachability = { state: 'unknown', reached: [], seenHosts: [], relays: [], passedOn: null };

/** A node in memory with its whole swarm, which knows its own operator and that of `owns` as its owner's. */
function openNode(
  { clock, hub }: Scene,
  name: string,
  { owns = '', addresses = [`/ip4/10.0.0.1/tcp/1`] } = {},
) {
  const identity = identityNamed(name);
  const store = createMemoryStore();
  const roster = openRoster({ store, identity, clock, verify: verifyEd25519 });
  const { key } = identity.node;
  const isMember = (peer: string): boolean => roster.list.find(peer) !== null;
  const network = hub.open({ key, isMember, addresses });
  const lists = { own: new Set([keyNamed(`${owns}'s operator`).key]), trusted: new Set<string>() };
  const settings = (): AnnouncedSettings => ({
    ...{ version: '0.1.0', serves: 'open', canRelay: true, price: null, payout: null },
  });
  const shared = { roster, network, clock, settings, seats: NO_SEATS };
  const swarm = openSwarm({
    ...{
      ...shared,
      identity,
      store,
      log: createMemoryLog(),
      devices: async () => [],
      stored: async () => [],
    },
    ...{ random: Math.random, randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) },
    policy: () => ({ lists, msPerUnit: 0 }),
  });
  return {
    ...{ key, network, swarm, membership: swarm.membership },
    look: (reachability = UNKNOWN) =>
      networkLook({ ...shared, swarm, lists: () => lists, reachability: () => reachability }),
    [Symbol.asyncDispose]: () => swarm[Symbol.asyncDispose](),
  };
}

test('a node that is in no swarm sees itself alone', async () => {
  const scene = openScene();
  await using node = openNode(scene, 'alone');
  const look = node.look();
  expect(look).toMatchObject({ swarm: null, peers: [], self: { key: node.key, reach: 'unknown' } });
});

test('how others get here is told in one word', async () => {
  await using node = openNode(openScene(), 'alone');
  const reach = (changes: Partial<Reachability>) => node.look({ ...UNKNOWN, ...changes }).self.reach;
  expect(reach({ state: 'reachable', relays: [node.key] })).toBe('direct');
  expect(reach({ state: 'unreachable', relays: [node.key] })).toBe('relayed');
  expect(reach({ state: 'unreachable' })).toBe('none');
});

test('whether anybody can be reached from everywhere is this node, or what a member says of itself', async () => {
  const scene = openScene();
  await using root = openNode(scene, 'root');
  await root.membership.create('garage');
  const hasReachable = (changes: Partial<Reachability> = {}) =>
    root.look({ ...UNKNOWN, ...changes }).swarm?.hasReachable;
  expect(hasReachable()).toBe(null);
  expect(hasReachable({ state: 'reachable', reached: ['/ip4/192.168.0.2/tcp/1'] })).toBe(false);
  expect(hasReachable({ state: 'reachable', reached: ['/ip4/203.0.113.7/tcp/1'] })).toBe(true);
  await using other = openNode(scene, 'other', { addresses: ['/ip4/203.0.113.9/tcp/1'] });
  await other.membership.join(root.membership.invite().invite, { signal: never });
  expect(hasReachable()).toBe(false);
  await scene.pass(30_000, 1000);
  expect(hasReachable()).toBe(true);
});

test('a peer is told with what it says of itself, its tier, its connection, and what is remembered of it', async () => {
  const scene = openScene();
  await using root = openNode(scene, 'root', { owns: 'other' });
  await root.membership.create('garage');
  await using other = openNode(scene, 'other');
  await other.membership.join(root.membership.invite().invite, { signal: never });
  await scene.pass(30_000, 1000);
  const peerOf = () => root.look().peers.find(({ key }) => key === other.key);
  expect(peerOf()).toMatchObject({
    ...{ tier: 'own', version: '0.1.0', canRelay: true, hasLeft: false, reliability: null },
    connection: { reach: 'direct' },
    seenMs: scene.clock.nowMs(),
  });
  expect(other.look().peers.map(({ key, tier }) => [key, tier])).toEqual([[root.key, 'open']]);
  root.swarm.others.reliability.note(other.key, 'wrong');
  expect(peerOf()?.reliability).toBeLessThan(1);
});
