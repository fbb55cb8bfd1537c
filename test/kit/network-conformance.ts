/** What every adapter of the Network port must do. */
import type { KeyId } from '@filon/core/swarm/key-id';
import type { Channel, Network, PeerAddress, PeerConnection, Reach } from '@filon/node/ports/network';
import { describe, expect, test } from 'vitest';

export interface NetworkPair {
  a: Network;
  b: Network;
  /** Whom `a` and `b` take for members; both take one another for one at first. */
  members: Set<KeyId>;
  /** How they reach one another. */
  reach: Reach;
  /** Breaks what lies between them. */
  cut(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

const PROTOCOL = '/filon/test/1';
const LIMITS = { frameBytesMax: 100_000, channelsPerPeerMax: 4, strangers: false };

/** Longer than any of these takes on a slow machine, shorter than a test's own limit. */
const signal = (): AbortSignal => AbortSignal.timeout(20_000);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const addressOf = (network: Network): PeerAddress => ({
  peer: network.self,
  addresses: network.addresses(),
});

async function echo(channel: Channel): Promise<void> {
  for await (const frame of channel.frames) await channel.send(frame, { signal: signal() });
}

async function all(channel: Channel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of channel.frames) frames.push(frame);
  return frames;
}

async function next(channel: Channel): Promise<Uint8Array | null> {
  for await (const frame of channel.frames) return frame;
  return null;
}

const open = (from: Network, to: Network, frameBytesMax = LIMITS.frameBytesMax): Promise<Channel> =>
  from.open(to.self, PROTOCOL, { frameBytesMax, signal: signal() });

const dial = (from: Network, to: Network) => from.dial(addressOf(to), { signal: signal() });

const connectionOf = (network: Network, peer: Network): PeerConnection | undefined =>
  network.peers().find((connection) => connection.peer === peer.self);

const connectionsOf = (network: Network, peer: Network): number =>
  network.peers().filter((connection) => connection.peer === peer.self).length;

/** Resolves when `network` tells of it. */
function told(network: Network, kind: 'connected' | 'lost', of: Network): Promise<KeyId> {
  const { promise, resolve } = Promise.withResolvers<KeyId>();
  const watching = network.watch((event) => {
    if (event.kind === kind && event.peer === of.self) resolve(event.peer);
  });
  return promise.finally(() => watching[Symbol.dispose]());
}

/** `a` has dialled `b`, which sends back what it hears. */
async function openEchoing(openPair: () => Promise<NetworkPair>): Promise<NetworkPair> {
  const pair = await openPair();
  pair.b.handle(PROTOCOL, echo, LIMITS);
  await dial(pair.a, pair.b);
  return pair;
}

/** What comes over the first channel that is opened, or why it broke. */
function receiving(network: Network): Promise<Uint8Array[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
  network.handle(PROTOCOL, (channel) => all(channel).then(resolve, reject), LIMITS);
  promise.catch(() => undefined);
  return promise;
}

/** Sends it and waits for it. */
async function expectEcho(channel: Channel, value: number): Promise<void> {
  await channel.send(bytes(value), { signal: signal() });
  expect(await next(channel)).toEqual(bytes(value));
}

export function describeNetwork(name: string, openPair: () => Promise<NetworkPair>): void {
  describe(`network: ${name}`, () => {
    describeConnections(openPair);
    describeChannels(openPair);
    describeLimits(openPair);
    describeLoss(openPair);
  });
}

function describeConnections(openPair: () => Promise<NetworkPair>): void {
  test('a dial connects both sides, once', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    expect(connectionsOf(a, b)).toBe(0);
    const heard = Promise.all([told(a, 'connected', b), told(b, 'connected', a)]);
    const connection = await dial(a, b);
    expect(connection).toMatchObject({ peer: b.self, reach: pair.reach, dialled: true });
    expect(await heard).toEqual([b.self, a.self]);
    expect([connectionOf(a, b)?.dialled, connectionOf(b, a)?.dialled]).toEqual([true, false]);
    expect((await dial(a, b)).sinceMs).toBe(connection.sinceMs);
    expect([connectionsOf(a, b), connectionsOf(b, a)]).toEqual([1, 1]);
  });

  test('dials of both sides at the same time leave one connection', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    using _ = b.handle(PROTOCOL, echo, LIMITS);
    await Promise.all([dial(a, b), dial(b, a), dial(a, b)]);
    const channel = await open(a, b);
    await expectEcho(channel, 1);
    expect([connectionsOf(a, b), connectionsOf(b, a)]).toEqual([1, 1]);
  });

  test('an address at which nobody, or another key, answers is no peer', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const nobody = { peer: b.self, addresses: [] };
    await expect(a.dial(nobody, { signal: signal() })).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    const other = { peer: `${'A'.repeat(42)}E`, addresses: b.addresses() };
    // A relay knows who is behind it, and asks nobody else.
    const code = pair.reach === 'relayed' ? 'NETWORK_UNREACHABLE' : 'NETWORK_REFUSED';
    await expect(a.dial(other, { signal: signal() })).rejects.toMatchObject({ code });
    expect(a.peers().some(({ peer }) => peer === other.peer)).toBe(false);
  });

  test('an aborted dial ends with the reason', async () => {
    await using pair = await openPair();
    const reason = new RangeError('enough');
    const dialling = pair.a.dial(addressOf(pair.b), { signal: AbortSignal.abort(reason) });
    await expect(dialling).rejects.toBe(reason);
  });

  test('a dropped peer is lost to both, refused for a while if told so, and let in by a dial otherwise', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    await dial(a, b);
    let heard = Promise.all([told(a, 'lost', b), told(b, 'lost', a)]);
    a.drop(b.self);
    expect(await heard).toEqual([b.self, a.self]);
    await dial(b, a);
    heard = Promise.all([told(a, 'lost', b), told(b, 'lost', a)]);
    a.drop(b.self, { refuseMs: 60_000 });
    await heard;
    await expect(dial(a, b)).rejects.toMatchObject({ code: 'NETWORK_REFUSED' });
    await expect(dial(b, a)).rejects.toMatchObject({ code: 'NETWORK_REFUSED' });
    expect([connectionsOf(a, b), connectionsOf(b, a)]).toEqual([0, 0]);
  });

  test('a channel to a peer that was dialled before connects again', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    using _ = b.handle(PROTOCOL, echo, LIMITS);
    await expect(open(a, b)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    await dial(a, b);
    const gone = told(a, 'lost', b);
    b.drop(a.self);
    await gone;
    const channel = await open(a, b);
    await expectEcho(channel, 7);
  });
}

function describeChannels(openPair: () => Promise<NetworkPair>): void {
  test('frames keep their borders and order, large ones too, and an empty one is a mistake', async () => {
    await using pair = await openEchoing(openPair);
    const { a, b } = pair;
    const channel = await open(a, b);
    expect(channel.peer).toBe(b.self);
    const frames = [1, 127, 128, 16_383, 16_384, 65_536, 100_000, 3].map((length, index) =>
      new Uint8Array(length).fill(index),
    );
    await expect(channel.send(bytes(), { signal: signal() })).rejects.toThrow(TypeError);
    const sending = (async () => {
      for (const frame of frames) await channel.send(frame, { signal: signal() });
      await channel.end();
    })();
    expect(await all(channel)).toEqual(frames);
    await sending;
    const connection = connectionOf(a, b);
    expect(connection?.sentBytes).toBeGreaterThanOrEqual(frames.reduce((sum, { length }) => sum + length, 0));
    expect(connection?.receivedBytes).toBeGreaterThanOrEqual(100_000);
  });

  test('a frame belongs to who sent it again as soon as the send is over', async () => {
    await using pair = await openEchoing(openPair);
    const { a, b } = pair;
    const channel = await open(a, b);
    const frame = bytes(1, 2, 3);
    await channel.send(frame, { signal: signal() });
    frame.fill(9);
    expect(await next(channel)).toEqual(bytes(1, 2, 3));
  });

  test('sends at the same time keep their order', async () => {
    await using pair = await openEchoing(openPair);
    const { a, b } = pair;
    const channel = await open(a, b);
    const frames = Array.from({ length: 20 }, (_, index) => new Uint8Array(40_000).fill(index));
    const sending = Promise.all(frames.map((frame) => channel.send(frame, { signal: signal() })));
    const ending = sending.then(() => channel.end());
    expect((await all(channel)).map(([first]) => first)).toEqual(frames.map(([first]) => first));
    await ending;
  });

  test('one half ends, the other goes on', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const counted = async (channel: Channel): Promise<void> => {
      const { length } = await all(channel);
      await channel.send(bytes(length), { signal: signal() });
    };
    using _ = b.handle(PROTOCOL, counted, LIMITS);
    await dial(a, b);
    const channel = await open(a, b);
    for (let count = 0; count < 3; count++) await channel.send(bytes(count), { signal: signal() });
    await channel.end();
    expect(await all(channel)).toEqual([bytes(3)]);
  });

  test('leaving the iteration keeps the channel', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const three = async (channel: Channel): Promise<void> => {
      for (const value of [1, 2, 3]) await channel.send(bytes(value), { signal: signal() });
    };
    using _ = b.handle(PROTOCOL, three, LIMITS);
    await dial(a, b);
    const channel = await open(a, b);
    expect(await next(channel)).toEqual(bytes(1));
    expect(await all(channel)).toEqual([bytes(2), bytes(3)]);
  });

  test('a reader that takes nothing holds the sender up, and gets everything in the end', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const start = Promise.withResolvers<void>();
    const received = Promise.withResolvers<number>();
    using _ = b.handle(
      PROTOCOL,
      async (channel) => {
        await start.promise;
        let sum = 0;
        for await (const frame of channel.frames) sum += frame.byteLength;
        received.resolve(sum);
      },
      LIMITS,
    );
    await dial(a, b);
    const channel = await open(a, b);
    const frame = new Uint8Array(64_000);
    let sent = 0;
    for (; sent < 1000; sent++) {
      const tooLong = AbortSignal.timeout(500);
      const stuck = await channel.send(frame, { signal: tooLong }).then(
        () => false,
        () => true,
      );
      if (stuck) break;
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent * frame.byteLength).toBeLessThan(8_000_000);
    channel.abort();
    start.resolve();

    const again = await open(a, b);
    for (let count = 0; count < 100; count++) await again.send(frame, { signal: signal() });
    await again.end();
    expect(await received.promise).toBe(100 * frame.byteLength);
  });

  test('a slow channel does not hold up another', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const held = Promise.withResolvers<void>();
    let first = true;
    const serve = async (channel: Channel): Promise<void> => {
      if (!first) return await echo(channel);
      first = false;
      await held.promise;
    };
    using _ = b.handle(PROTOCOL, serve, LIMITS);
    await dial(a, b);
    const slow = await open(a, b);
    const filling = (async () => {
      for (;;) await slow.send(new Uint8Array(64_000), { signal: signal() });
    })().catch((error: unknown) => error);
    const quick = await open(a, b);
    await expectEcho(quick, 5);
    slow.abort();
    expect(await filling).toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
    held.resolve();
  });

  test('after its handler returned, what it sent arrives and what comes is thrown away', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    using _ = b.handle(PROTOCOL, (channel) => channel.send(bytes(1), { signal: signal() }), LIMITS);
    await dial(a, b);
    const channel = await open(a, b);
    for (let count = 0; count < 40; count++) await channel.send(new Uint8Array(50_000), { signal: signal() });
    expect(await all(channel)).toEqual([bytes(1)]);
    await channel.end();
  });
}

function describeLimits(openPair: () => Promise<NetworkPair>): void {
  test('a frame over the limit is not sent, and one that comes breaks the channel', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const received = receiving(b);
    await dial(a, b);
    const channel = await open(a, b, 200_000);
    const tooLarge = { code: 'NETWORK_FRAME_TOO_LARGE' };
    await expect(channel.send(new Uint8Array(200_001), { signal: signal() })).rejects.toMatchObject(tooLarge);
    await channel.send(new Uint8Array(100_001), { signal: signal() });
    await expect(received).rejects.toMatchObject(tooLarge);
    await expect(all(channel)).rejects.toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
  });

  test('a protocol that nobody handles, or no longer, is unknown', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    await dial(a, b);
    await expect(open(a, b)).rejects.toMatchObject({ code: 'NETWORK_PROTOCOL_UNKNOWN' });
    const handling = b.handle(PROTOCOL, echo, LIMITS);
    (await open(a, b)).abort();
    handling[Symbol.dispose]();
    await expect(open(a, b)).rejects.toMatchObject({ code: 'NETWORK_PROTOCOL_UNKNOWN' });
    expect(connectionsOf(a, b)).toBe(1);
  });

  test('strangers are heard on protocols for strangers only, members on all', async () => {
    await using pair = await openPair();
    const { a, b, members } = pair;
    using _ = b.handle(PROTOCOL, echo, LIMITS);
    using __ = b.handle('/filon/open/1', echo, { ...LIMITS, strangers: true });
    await dial(a, b);
    members.delete(a.self);
    await expect(open(a, b)).rejects.toMatchObject({ code: 'NETWORK_STRANGER' });
    const channel = await a.open(b.self, '/filon/open/1', { frameBytesMax: 10, signal: signal() });
    await expectEcho(channel, 4);
    members.add(a.self);
    (await open(a, b)).abort();
  });

  test('a peer has so many channels of a protocol and no more, and gets the place of one that ended', async () => {
    await using pair = await openEchoing(openPair);
    const { a, b } = pair;
    const channels = [];
    for (let count = 0; count < LIMITS.channelsPerPeerMax; count++) channels.push(await open(a, b));
    await expect(open(a, b)).rejects.toMatchObject({ code: 'NETWORK_CHANNELS_FULL' });
    for (const channel of channels) {
      await expectEcho(channel, 1);
    }
    await channels[0]?.end();
    expect(channels[0] && (await all(channels[0]))).toEqual([]);
    (await open(a, b)).abort();
  });

  test('many channels after one another leave nothing behind', async () => {
    await using pair = await openEchoing(openPair);
    const { a, b } = pair;
    for (let count = 0; count < 150; count++) {
      const channel = await open(a, b);
      await expectEcho(channel, count);
      await channel.end();
      expect(await next(channel)).toBeNull();
    }
  });
}

function describeLoss(openPair: () => Promise<NetworkPair>): void {
  const lost = { code: 'NETWORK_CHANNEL_LOST' };
  /** A proxy in between answers, and hangs up. */
  const gone = { code: expect.stringMatching(/^NETWORK_(UNREACHABLE|REFUSED)$/) };

  test('an abort is heard on the other side, by readers and senders', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const received = receiving(b);
    await dial(a, b);
    const channel = await open(a, b);
    channel.abort();
    channel.abort();
    await expect(received).rejects.toMatchObject(lost);
    await expect(channel.send(bytes(1), { signal: signal() })).rejects.toMatchObject(lost);
    await expect(all(channel)).rejects.toMatchObject(lost);
  });

  test('a handler that throws aborts its channel', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    using _ = b.handle(PROTOCOL, () => Promise.reject(new RangeError('no')), LIMITS);
    await dial(a, b);
    // So soon that the opening itself may hear of it.
    await expect(open(a, b).then(all)).rejects.toMatchObject(lost);
    expect(connectionsOf(a, b)).toBe(1);
  });

  test('a broken connection is told at once, and ends channels on both sides', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    const received = receiving(b);
    await dial(a, b);
    const channel = await open(a, b);
    const reading = expect(all(channel)).rejects.toMatchObject(lost);
    const heard = Promise.all([told(a, 'lost', b), told(b, 'lost', a)]);
    pair.cut();
    expect(await heard).toEqual([b.self, a.self]);
    await reading;
    await expect(received).rejects.toMatchObject(lost);
    await expect(dial(a, b)).rejects.toMatchObject(gone);
  });

  test('a network that is disposed of is lost to its peers', async () => {
    await using pair = await openPair();
    const { a, b } = pair;
    await dial(a, b);
    const heard = told(a, 'lost', b);
    await b[Symbol.asyncDispose]();
    expect(await heard).toBe(b.self);
    expect(connectionsOf(a, b)).toBe(0);
    await expect(open(a, b)).rejects.toMatchObject(gone);
  });
}
