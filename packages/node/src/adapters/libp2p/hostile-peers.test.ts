/** What strangers and broken members can do to a node: little. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { KeyId } from '@filon/core/swarm/key-id';
import { expect, test, vi } from 'vitest';
import type { Clock } from '../../ports/clock.ts';
import type { Network } from '../../ports/network.ts';
import type { NetworkLimits } from './limits.ts';
import { type Libp2pNetwork, openLibp2pNetwork } from './network.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.reject(new RangeError('nothing here sleeps by the clock')),
};
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const members = new Set<KeyId>();

async function openNetwork(limits: Partial<NetworkLimits> = {}, listen = '/ip4/127.0.0.1/tcp/0') {
  const { privateKey } = generateKeyPairSync('ed25519');
  return await openLibp2pNetwork(
    { key: privateKey, listen: [listen], limits },
    { clock, isMember: (peer) => members.has(peer) },
  );
}

const dial = (from: Network, to: Network) =>
  from.dial({ peer: to.self, addresses: to.addresses() }, { signal: signal() });

const portOf = (network: Libp2pNetwork): number => Number(network.listening()[0]?.split('/').at(-1));

async function connectFrom(localAddress: string, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

test('silent connections of one subnet do not keep a peer of another out, and are ended', async () => {
  await using node = await openNetwork({ handshakesPerSubnetMax: 4 });
  await using member = await openNetwork();
  members.add(member.self);
  const silent = await Promise.all(
    Array.from({ length: 12 }, (_, index) => connectFrom(`127.9.9.${index + 1}`, portOf(node))),
  );
  const ended = silent.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  expect((await dial(member, node)).reach).toBe('direct');
  await Promise.all(ended.slice(4));
  await vi.waitFor(() => expect(silent.every((socket) => socket.destroyed)).toBe(true), { timeout: 15_000 });
});

test('bytes that are no handshake end their connection only', async () => {
  await using node = await openNetwork();
  const socket = await connectFrom('127.0.0.1', portOf(node));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(Buffer.alloc(100_000, 7));
  await closed;
  await using member = await openNetwork();
  members.add(member.self);
  await dial(member, node);
});

test('strangers from one subnet have few places, which the newest gets; members keep theirs', async () => {
  await using node = await openNetwork({ strangersPerSubnetMax: 2, newcomerMs: 0 });
  await using member = await openNetwork();
  members.add(member.self);
  await dial(member, node);
  await using strangers = new AsyncDisposableStack();
  const keys: KeyId[] = [];
  for (let count = 0; count < 5; count++) {
    const stranger = strangers.use(await openNetwork());
    keys.push(stranger.self);
    await dial(stranger, node);
  }
  const connected = (): KeyId[] => node.peers().map(({ peer }) => peer);
  await vi.waitFor(() => expect(connected().toSorted()).toEqual([member.self, ...keys.slice(-2)].toSorted()));
});

test('a stranger leaves when it did not join in time', async () => {
  await using node = await openNetwork({ strangerStayMs: 300 });
  await using stranger = await openNetwork();
  await using joiner = await openNetwork();
  await dial(stranger, node);
  await dial(joiner, node);
  members.add(joiner.self);
  await vi.waitFor(() => expect(node.peers().map(({ peer }) => peer)).toEqual([joiner.self]), {
    timeout: 5000,
  });
});

test('a node with as many members as it may have refuses more', async () => {
  await using node = await openNetwork({ connectionsMax: 1 });
  await using first = await openNetwork();
  await using second = await openNetwork();
  members.add(first.self).add(second.self);
  await dial(first, node);
  await expect(dial(second, node)).rejects.toMatchObject({ code: 'NETWORK_REFUSED' });
  await expect(dial(node, second)).rejects.toMatchObject({ code: 'NETWORK_REFUSED' });
  expect(node.peers().map(({ peer }) => peer)).toEqual([first.self]);
});

test('a member that opens channels without end has its limit, and others are served', async () => {
  await using node = await openNetwork();
  await using greedy = await openNetwork();
  await using modest = await openNetwork();
  members.add(greedy.self).add(modest.self);
  const serve = async (channel: { frames: AsyncIterable<Uint8Array> }): Promise<void> => {
    for await (const _ of channel.frames);
  };
  using _ = node.handle('/filon/test/1', serve, {
    frameBytesMax: 100,
    channelsPerPeerMax: 3,
    strangers: false,
  });
  await dial(greedy, node);
  await dial(modest, node);
  const open = (from: Network) =>
    from.open(node.self, '/filon/test/1', { frameBytesMax: 100, signal: signal() });
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => open(greedy)));
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  (await open(modest)).abort();
});

test('where nobody can be listened for, it is said', async () => {
  await using node = await openNetwork();
  await expect(openNetwork({}, `/ip4/127.0.0.1/tcp/${portOf(node)}`)).rejects.toMatchObject({
    code: 'NETWORK_LISTEN_FAILED',
  });
});
