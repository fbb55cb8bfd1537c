/** The lines of the kit: each pair of processes has its own, whoever dialled, and it changes under what runs. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLines, type Lines } from './kit/lines.ts';
import { GOOD } from './kit/link-shaper.ts';
import { NetworkPeer } from './kit/network-peer.ts';

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

interface Three extends AsyncDisposable {
  lines: Lines;
  peers: Record<Name, NetworkPeer>;
  keys: Record<Name, string>;
  dial(from: Name, to: Name): Promise<{ roundTripMs: number | null }>;
  connected(of: Name): Promise<string[]>;
}

async function openThree(): Promise<Three> {
  await using parts = new AsyncDisposableStack();
  const made = NAMES.map((name) => ({ name, peer: parts.use(new NetworkPeer()) }));
  const lines = createLines(() => made.map(({ name, peer }) => ({ name, pid: peer.process.pid })));
  const peers = Object.fromEntries(made.map(({ name, peer }) => [name, peer])) as Three['peers'];
  const keys: Record<string, string> = {};
  const doors: Record<string, string> = {};
  for (const { name, peer } of made) {
    const { peer: key, addresses } = await peer.address();
    const port = Number(addresses[0]?.split('/').at(-1));
    const door = parts.use(await lines.door(name, () => ({ host: '127.0.0.1', port })));
    keys[name] = key;
    doors[name] = `/ip4/127.0.0.1/tcp/${door.port}`;
  }
  const all = parts.move();
  return {
    ...{ lines, peers, keys: keys as Three['keys'] },
    dial: (from, to) => peers[from].dial({ peer: keys[to] ?? '', addresses: [doors[to] ?? ''] }),
    connected: async (of) => (await peers[of].peers()).map(({ peer }) => peer),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

let three: Three;
beforeAll(async () => {
  three = await openThree();
});
afterAll(() => three[Symbol.asyncDispose]());
/** Nobody is connected, and all lines are good. */
afterEach(async () => {
  const lines = NAMES.flatMap((name) => three.lines.of(name));
  for (const line of lines) line.cut();
  for (const name of NAMES) await expect.poll(() => three.connected(name)).toEqual([]);
  for (const line of lines) {
    line.shape(GOOD);
    line.mend();
  }
});

test('a pair has its own delay, by whoever dials, and another one while it runs', async () => {
  const { lines, peers, keys, dial } = three;
  lines.between('a', 'b').shape({ delayMs: 50 });
  expect((await dial('a', 'b')).roundTripMs).toBeGreaterThanOrEqual(99);
  await dial('c', 'b');
  await dial('c', 'a');
  const took = async (from: Name, to: Name, bytes: number): Promise<number> => {
    const startMs = performance.now();
    expect(await peers[from].echo(keys[to], bytes)).toBe(bytes);
    return performance.now() - startMs;
  };
  expect(await took('b', 'a', 10)).toBeGreaterThanOrEqual(99);
  const before = lines.between('c', 'b').passedBytes;
  await took('c', 'b', 10_000);
  expect(lines.between('c', 'b').passedBytes - before).toBeGreaterThan(20_000);
  lines.between('b', 'a').shape({ delayMs: 0, bytesPerSecond: 200_000 });
  expect(await took('a', 'b', 100_000)).toBeGreaterThanOrEqual(900);
});

test('a pair that is cut is lost to each other alone, until it is mended', async () => {
  const { lines, peers, keys, dial, connected } = three;
  await dial('a', 'b');
  await dial('a', 'c');
  await dial('b', 'c');
  lines.between('b', 'a').cut();
  await expect.poll(() => connected('a')).toEqual([keys.c]);
  await expect.poll(() => connected('b')).toEqual([keys.c]);
  await expect(dial('a', 'b')).rejects.toThrow(/cannot be reached|hung up/);
  await expect(dial('b', 'a')).rejects.toThrow(/cannot be reached|hung up/);
  expect(await peers.c.echo(keys.a, 10)).toBe(10);
  lines.between('a', 'b').mend();
  await dial('b', 'a');
  expect(await peers.a.echo(keys.b, 10)).toBe(10);
});

test('pieces that come late, and those that are lost and sent again, keep their order', async () => {
  const { lines, peers, keys, dial } = three;
  await dial('a', 'b');
  lines.between('a', 'b').shape({ jitterMs: 20, lossShare: 0.1, stallMs: 50 });
  expect(await peers.a.echo(keys.b, 500_000)).toBe(500_000);
});
