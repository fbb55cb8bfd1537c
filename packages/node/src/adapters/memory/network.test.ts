import { setImmediate } from 'node:timers/promises';
import type { KeyId } from '@filon/core/swarm/key-id';
import { expect, test } from 'vitest';
import { describeNetwork } from '../../../../../test/kit/network-conformance.ts';
import { createManualClock } from './clock.ts';
import { createMemoryHub } from './network.ts';

const key = (index: number): KeyId => `${String.fromCharCode(97 + index).repeat(42)}A`;
const [A, B] = [key(0), key(1)];
const signal = new AbortController().signal;

describeNetwork('memory', async () => {
  const hub = createMemoryHub({ clock: createManualClock() });
  const members = new Set([A, B]);
  const isMember = (peer: KeyId): boolean => members.has(peer);
  const [a, b] = [hub.open({ key: A, isMember }), hub.open({ key: B, isMember })];
  return {
    ...{ a, b, members },
    reach: 'direct',
    cut: () => hub.cut(A, B),
    [Symbol.asyncDispose]: async () => {
      for (const network of [a, b]) await network[Symbol.asyncDispose]();
    },
  };
});

function twoNodes() {
  const clock = createManualClock();
  const hub = createMemoryHub({ clock });
  const [a, b] = [hub.open({ key: A }), hub.open({ key: B })];
  const events: string[] = [];
  b.watch(({ kind }) => events.push(kind));
  b.handle(
    '/filon/test/1',
    async (channel) => {
      for await (const frame of channel.frames) await channel.send(frame, { signal });
    },
    { frameBytesMax: 10_000, channelsPerPeerMax: 4, strangers: false },
  );
  /** Lets time pass in small steps until the work is over; how much passed. */
  const took = async (work: Promise<unknown>): Promise<number> => {
    const startMs = clock.monotonicMs();
    let over = false;
    void work.finally(() => {
      over = true;
    });
    while (!over) {
      await setImmediate();
      if (!over) clock.advance(1);
    }
    await work;
    return clock.monotonicMs() - startMs;
  };
  return { ...{ clock, hub, a, b, events, took } };
}

const open = { frameBytesMax: 10_000, signal };
const toB = { peer: B, addresses: [`memory/${B}`] };

test('time passes by the clock: delay and rate', async () => {
  const { hub, a, took } = twoNodes();
  hub.shape(A, B, { delayMs: 25 });
  expect(await took(a.dial(toB, { signal }))).toBe(50);
  expect(a.peers()[0]?.roundTripMs).toBe(50);
  const opening = a.open(B, '/filon/test/1', open);
  expect(await took(opening)).toBe(50);
  const channel = await opening;
  const frames = channel.frames[Symbol.asyncIterator]();
  await channel.send(new Uint8Array(10), { signal });
  expect(await took(frames.next())).toBe(50);
  hub.shape(A, B, { bytesPerSecond: 100_000 });
  await channel.send(new Uint8Array(10_000), { signal });
  expect(await took(frames.next())).toBe(250);
});

test('what is sent while the line is frozen arrives when it thaws in time', async () => {
  const { hub, clock, a, events, took } = twoNodes();
  await a.dial(toB, { signal });
  const channel = await a.open(B, '/filon/test/1', open);
  hub.freeze(A, B);
  await channel.send(new Uint8Array(1), { signal });
  clock.advance(1000);
  hub.mend(A, B);
  await took(channel.frames[Symbol.asyncIterator]().next());
  clock.advance(5000);
  await Promise.resolve();
  expect(events).toEqual(['connected']);
});

test('a peer that stays frozen is lost within 3 s', async () => {
  const { hub, a, b, events, took } = twoNodes();
  await a.dial(toB, { signal });
  const channel = await a.open(B, '/filon/test/1', open);
  hub.freeze(A, B);
  const reading = channel.frames[Symbol.asyncIterator]().next();
  const failing = expect(reading).rejects.toMatchObject({ code: 'NETWORK_CHANNEL_LOST' });
  expect(await took(failing)).toBeLessThan(3000);
  expect(events).toEqual(['connected', 'lost']);
  expect(b.peers()).toEqual([]);
  const dialling = expect(a.dial(toB, { signal })).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
  expect(await took(dialling)).toBeLessThanOrEqual(10_000);
});
