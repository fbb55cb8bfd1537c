import { generateKeyPairSync } from 'node:crypto';
import type { KeyId } from '@filon/core/swarm/key-id';
import { relayMessages } from '@filon/core/swarm/reach-messages';
import { expect, test, vi } from 'vitest';
import { describeNetwork } from '../../../../../test/kit/network-conformance.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { receive } from './exchange.ts';
import { type Libp2pNetwork, openLibp2pNetwork } from './network.ts';
import type { RelayOffer } from './relay-budget.ts';
import { RELAY_PROTOCOL, RELAYED_PROTOCOL } from './relay-host.ts';
import type { WaysConfig } from './ways.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.reject(new RangeError('nothing here sleeps by the clock')),
};
const OFFER: RelayOffer = { bytesPerDayMax: 1e9, circuitsMax: 8, circuitsPerPeerMax: 4, circuitMsMax: null };
const PROTOCOL = '/filon/test/1';
const LIMITS = { frameBytesMax: 100_000, channelsPerPeerMax: 4, strangers: false };
const signal = (): AbortSignal => AbortSignal.timeout(20_000);

function swarm() {
  const members = new Set<KeyId>();
  const open = async (ways: Partial<WaysConfig>, isPublic: boolean): Promise<Libp2pNetwork> => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const network = await openLibp2pNetwork(
      { key: privateKey, listen: isPublic ? ['/ip4/127.0.0.1/tcp/0'] : [], ways },
      { isMember: (peer) => members.has(peer), clock },
    );
    members.add(network.self);
    return network;
  };
  return {
    members,
    openRelay: (relay: RelayOffer | null) => open({ relay }, true),
    openHome: () => open({ useRelays: true }, false),
  };
}

const dial = (from: Network, to: Network) =>
  from.dial({ peer: to.self, addresses: to.addresses() }, { signal: signal() });

/** Connects homes with a relay, and waits until they know that it passes others on to them. */
async function settle(homes: readonly Libp2pNetwork[], relay: Network): Promise<void> {
  for (const home of homes) {
    await dial(home, relay);
    await vi.waitFor(() => expect(home.reachability().relays).toEqual([relay.self]), { timeout: 10_000 });
  }
}

async function echo(channel: Channel): Promise<void> {
  for await (const frame of channel.frames) await channel.send(frame, { signal: signal() });
}

async function next(channel: Channel): Promise<Uint8Array | null> {
  for await (const frame of channel.frames) return frame;
  return null;
}

describeNetwork('libp2p through a relay', async () => {
  const { members, openRelay, openHome } = swarm();
  const relay = await openRelay(OFFER);
  const [a, b] = await Promise.all([openHome(), openHome()]);
  await settle([a, b], relay);
  return {
    ...{ a, b, members },
    reach: 'relayed',
    cut: () => void relay[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([a, b, relay].map((network) => network[Symbol.asyncDispose]()));
    },
  };
});

test('a node that nobody can dial says so, and where it is passed on', async () => {
  const { openRelay, openHome } = swarm();
  await using relay = await openRelay(OFFER);
  await using home = await openHome();
  expect(home.reachability()).toMatchObject({ state: 'unknown', seenHosts: [], passedOn: null });
  await settle([home], relay);
  expect(home.addresses()).toEqual([`/relay/${relay.self}${relay.addresses()[0]}`]);
  expect(home.reachability().seenHosts).toEqual(['127.0.0.1']);
});

test('a node that others get through to is told so by those it dials', async () => {
  const { openRelay } = swarm();
  await using first = await openRelay(null);
  await using second = await openRelay(null);
  await dial(first, second);
  await vi.waitFor(() => expect(first.reachability().state).toBe('reachable'), { timeout: 10_000 });
  expect(first.reachability().reached).toEqual(first.listening());
  expect(second.reachability().state).toBe('unknown');
});

test('what is passed on is counted, and ends with a reason when it is used up', async () => {
  const { openRelay, openHome } = swarm();
  await using relay = await openRelay({ ...OFFER, bytesPerDayMax: 60_000 });
  await using a = await openHome();
  await using b = await openHome();
  using _ = b.handle(PROTOCOL, echo, LIMITS);
  await settle([a, b], relay);
  expect((await dial(a, b)).reach).toBe('relayed');
  const channel = await a.open(b.self, PROTOCOL, { frameBytesMax: 100_000, signal: signal() });
  await channel.send(new Uint8Array(5000), { signal: signal() });
  expect((await next(channel))?.byteLength).toBe(5000);
  const passed = relay.reachability().passedOn;
  expect(passed).toMatchObject({ circuits: 1, refused: 0 });
  expect(passed?.bytes).toBeGreaterThan(10_000);
  expect(passed?.bytes).toBeLessThan(20_000);
  await channel.send(new Uint8Array(100_000), { signal: signal() }).catch(() => undefined);
  await expect(next(channel)).rejects.toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
  const again = await dial(a, b).catch((error: unknown) => error);
  expect(again).toMatchObject({ code: 'NETWORK_UNREACHABLE' });
  expect(String((again as Error).cause)).toContain('as many bytes as it may');
  expect(relay.reachability().passedOn).toMatchObject({ circuits: 0, refused: 1 });
  expect(relay.reachability().passedOn?.bytesToday).toBeLessThanOrEqual(60_000);
});

test('a relay has places for so many circuits, of one node and in all', async () => {
  const { openRelay, openHome } = swarm();
  await using relay = await openRelay({ ...OFFER, circuitsPerPeerMax: 1 });
  await using a = await openHome();
  await using b = await openHome();
  await using c = await openHome();
  await settle([a, b, c], relay);
  await dial(a, b);
  await expect(dial(a, c)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
  expect((await dial(b, c)).reach).toBe('relayed');
});

test('a circuit whose time is up ends, and may be made again', async () => {
  const { openRelay, openHome } = swarm();
  await using relay = await openRelay({ ...OFFER, circuitMsMax: 400 });
  await using a = await openHome();
  await using b = await openHome();
  await settle([a, b], relay);
  await dial(a, b);
  await vi.waitFor(() => expect(a.peers().map(({ peer }) => peer)).toEqual([relay.self]), { timeout: 5000 });
  expect((await dial(a, b)).reach).toBe('relayed');
});

test('a relay reads nothing, and what it changes ends the connection', async () => {
  const { openRelay, openHome } = swarm();
  await using relay = await openRelay(null);
  await using a = await openHome();
  await using b = await openHome();
  using _ = b.handle(PROTOCOL, echo, LIMITS);
  let tampers = false;
  let passed = '';
  const pass = async (from: Channel, to: Channel): Promise<void> => {
    for await (const frame of from.frames) {
      passed += Buffer.from(frame).toString('latin1');
      if (tampers) frame[frame.byteLength - 1] = (frame.at(-1) ?? 0) ^ 1;
      await to.send(frame, { signal: signal() });
    }
  };
  using __ = relay.handle(
    RELAY_PROTOCOL,
    async (near) => {
      await receive(near, relayMessages, { signal: signal() });
      const far = await relay.open(b.self, RELAYED_PROTOCOL, { frameBytesMax: 65_536, signal: signal() });
      await far.send(relayMessages.encode({ kind: 'incoming', peer: near.peer }), { signal: signal() });
      await receive(far, relayMessages, { signal: signal() });
      await near.send(relayMessages.encode({ kind: 'connected' }), { signal: signal() });
      await Promise.all([pass(near, far), pass(far, near)]);
    },
    { frameBytesMax: 65_536, channelsPerPeerMax: 4, strangers: false },
  );
  await dial(b, relay);
  const address = { peer: b.self, addresses: [`/relay/${relay.self}${relay.addresses()[0]}`] };
  expect((await a.dial(address, { signal: signal() })).reach).toBe('relayed');
  const channel = await a.open(b.self, PROTOCOL, { frameBytesMax: 1000, signal: signal() });
  const secret = Buffer.from('nobody in between may read this');
  await channel.send(secret, { signal: signal() });
  expect(Buffer.from((await next(channel)) ?? [])).toEqual(secret);
  expect(passed.length).toBeGreaterThan(500);
  expect(passed).not.toContain(secret.toString());
  expect(passed).not.toContain(PROTOCOL);
  tampers = true;
  await channel.send(secret, { signal: signal() });
  await expect(next(channel)).rejects.toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
});
