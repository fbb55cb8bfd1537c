/** Peers in processes of their own that die, freeze, or are behind a bad line. */
import { generateKeyPairSync } from 'node:crypto';
import type { KeyId } from '@filon/core/swarm/key-id';
import { type Libp2pNetwork, openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import type { Channel, Network } from '@filon/node/ports/network';
import { expect, test } from 'vitest';
import { openLinkShaper } from './kit/link-shaper.ts';
import { NetworkPeer } from './kit/network-peer.ts';

const clock = createSystemClock();
const signal = (): AbortSignal => AbortSignal.timeout(30_000);

function openNetwork(): Promise<Libp2pNetwork> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return openLibp2pNetwork({ key: privateKey, listen: [] }, { clock, isMember: () => true });
}

/** How long until `network` tells that the peer is lost. */
async function lostAfterMs(network: Network, peer: KeyId): Promise<number> {
  const startMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  using _ = network.watch((event) => {
    if (event.kind === 'lost' && event.peer === peer) resolve();
  });
  await promise;
  return performance.now() - startMs;
}

const echo = async (channel: Channel, bytes: number): Promise<number | undefined> => {
  await channel.send(new Uint8Array(bytes), { signal: signal() });
  for await (const frame of channel.frames) return frame.byteLength;
  return undefined;
};

test('a peer that is killed is lost at once, and its open channel does not look finished', async () => {
  await using network = await openNetwork();
  await using peer = new NetworkPeer();
  const address = await peer.address();
  await network.dial(address, { signal: signal() });
  const channel = await network.open(address.peer, '/filon/echo/1', {
    frameBytesMax: 1000,
    signal: signal(),
  });
  expect(await echo(channel, 10)).toBe(10);
  const reading = expect(channel.frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'NETWORK_CHANNEL_LOST',
  });
  const lost = lostAfterMs(network, address.peer);
  peer.process.kill('SIGKILL');
  expect(await lost).toBeLessThan(1500);
  await reading;
});

test('a frozen peer is lost within 3 s, and is there again when it goes on', async () => {
  await using network = await openNetwork();
  await using peer = new NetworkPeer();
  const address = await peer.address();
  await network.dial(address, { signal: signal() });
  const lost = lostAfterMs(network, address.peer);
  peer.process.kill('SIGSTOP');
  const tookMs = await lost;
  expect(tookMs).toBeGreaterThan(1500);
  expect(tookMs).toBeLessThan(3000);
  peer.process.kill('SIGCONT');
  expect((await network.dial(address, { signal: signal() })).reach).toBe('direct');
});

test('a peer that freezes for a moment is kept', async () => {
  await using network = await openNetwork();
  await using peer = new NetworkPeer();
  const address = await peer.address();
  await network.dial(address, { signal: signal() });
  let events = 0;
  using _ = network.watch(() => events++);
  peer.process.kill('SIGSTOP');
  await clock.sleep(1500, {});
  peer.process.kill('SIGCONT');
  const channel = await network.open(address.peer, '/filon/echo/1', {
    frameBytesMax: 1000,
    signal: signal(),
  });
  expect(await echo(channel, 10)).toBe(10);
  expect(events).toBe(0);
});

test('the round trip of a line is measured, and a line that is full is not taken for dead', async () => {
  await using network = await openNetwork();
  await using peer = new NetworkPeer();
  const address = await peer.address();
  const port = Number(address.addresses[0]?.split('/').at(-1));
  await using shaper = await openLinkShaper(() => ({ host: '127.0.0.1', port }));
  shaper.shape({ delayMs: 40 });
  const through = { peer: address.peer, addresses: [`/ip4/127.0.0.1/tcp/${shaper.port}`] };
  const { roundTripMs } = await network.dial(through, { signal: signal() });
  expect(roundTripMs).toBeGreaterThanOrEqual(79);
  let events = 0;
  using _ = network.watch(() => events++);
  shaper.shape({ bytesPerSecond: 150_000 });
  const options = { frameBytesMax: 1_000_000, signal: signal() };
  const channels = await Promise.all([1, 2].map(() => network.open(address.peer, '/filon/echo/1', options)));
  expect(await Promise.all(channels.map((channel) => echo(channel, 300_000)))).toEqual([300_000, 300_000]);
  expect(events).toBe(0);
});

test('a line that freezes is noticed, one that stalls now and then is kept', async () => {
  await using network = await openNetwork();
  await using peer = new NetworkPeer();
  const address = await peer.address();
  const port = Number(address.addresses[0]?.split('/').at(-1));
  let turn = 0;
  // Every third piece stalls.
  const random = (): number => (turn++ % 3) / 3;
  await using shaper = await openLinkShaper(() => ({ host: '127.0.0.1', port }), { random });
  shaper.shape({ lossShare: 0.2, jitterMs: 10 });
  const through = { peer: address.peer, addresses: [`/ip4/127.0.0.1/tcp/${shaper.port}`] };
  await network.dial(through, { signal: signal() });
  const channel = await network.open(address.peer, '/filon/echo/1', {
    frameBytesMax: 1000,
    signal: signal(),
  });
  for (let count = 0; count < 10; count++) expect(await echo(channel, 100)).toBe(100);
  const lost = lostAfterMs(network, address.peer);
  shaper.freeze();
  expect(await lost).toBeLessThan(3000);
});
