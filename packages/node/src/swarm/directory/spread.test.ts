import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { announcementCodec, RECORD_ID_BYTES } from '@filon/core/directory/announcement-messages';
import type { KeyId } from '@filon/core/swarm/key-id';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { createMemoryHub } from '../../adapters/memory/network.ts';
import type { Channel, Network } from '../../ports/network.ts';
import { Directory } from './directory.ts';
import {
  BROKEN_REFUSE_MS,
  FLUSH_MS,
  LINK_SEND_TIMEOUT_MS,
  WANT_TIMEOUT_MS,
  WANTED_OF_PEER_MAX,
} from './directory-limits.ts';
import { idsToBytes, type OpenedRecord, recordId } from './records.ts';
import { Spread } from './spread.ts';

const NOW_MS = 1_800_000_000_000;
const signal = new AbortController().signal;
const NONE = { own: new Set<KeyId>(), trusted: new Set<KeyId>() };

const record = (node: string, issuedMs = NOW_MS): Uint8Array => {
  const times = { issuedMs, expiresMs: issuedMs + 900_000 };
  const rest = { version: '', devices: [], models: [], stored: [], addresses: [], payout: null };
  const announcement = { ...times, ...rest, serves: 'open', canRelay: false };
  return Buffer.from(JSON.stringify({ node, operator: node, announcement }));
};

function scene() {
  const clock = createManualClock({ nowMs: NOW_MS });
  const hub = createMemoryHub({ clock });
  const all: {
    network: Network;
    directory: Directory;
    spread: Spread;
    log: ReturnType<typeof createMemoryLog>;
  }[] = [];
  const open = (key: string, verdict: 'stays' | 'refused' = 'stays') => {
    const network = hub.open({ key });
    const read = (bytes: Uint8Array): OpenedRecord => JSON.parse(Buffer.from(bytes).toString());
    const directory = new Directory({ clock, lists: () => NONE, open: read });
    const log = createMemoryLog();
    const node = {
      network,
      directory,
      log,
      spread: new Spread({ network, directory, clock, log, admits: () => verdict }),
    };
    all.push(node);
    return node;
  };
  /** Time in small steps, so that whoever sleeps and sends has its turn. */
  const pass = async (durationMs: number): Promise<void> => {
    for (let left = durationMs; left > 0; left -= 100) {
      await turn();
      clock.advance(Math.min(100, left));
    }
    await turn();
  };
  const link = async (a: (typeof all)[number], b: (typeof all)[number]): Promise<void> => {
    await a.network.dial({ peer: b.network.self, addresses: b.network.addresses() }, { signal });
    await a.spread.link(b.network.self, { signal });
  };
  const close = async (): Promise<void> => {
    for (const { spread, network } of all) {
      await spread[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    }
  };
  return { clock, hub, open, pass, link, [Symbol.asyncDispose]: close };
}

describe('announcements spread', () => {
  test('along a line of links, both ways, and each is fetched once', async () => {
    await using at = scene();
    const nodes = ['a', 'b', 'c', 'd'].map((key) => at.open(key));
    const [a, b, c, d] = nodes as [
      (typeof nodes)[0],
      (typeof nodes)[0],
      (typeof nodes)[0],
      (typeof nodes)[0],
    ];
    a.directory.accept(record('a'));
    d.directory.accept(record('d'));
    await at.link(a, b);
    await at.link(b, c);
    await at.link(c, d);
    await at.pass(4 * FLUSH_MS);
    for (const { directory } of nodes) {
      expect(directory.find('a')).not.toBeNull();
      expect(directory.find('d')).not.toBeNull();
    }
    a.directory.accept(record('a', NOW_MS + 1));
    await at.pass(4 * FLUSH_MS);
    expect(d.directory.find('a')?.announcement.issuedMs).toBe(NOW_MS + 1);
  });

  test('in a ring every record comes over one link alone', async () => {
    await using at = scene();
    const nodes = ['a', 'b', 'c', 'd'].map((key) => at.open(key));
    for (const [i, node] of nodes.entries()) await at.link(node, nodes[(i + 1) % 4] as typeof node);
    await at.pass(1000);
    const before = nodes.map(({ network }) =>
      network.peers().reduce((sum, peer) => sum + peer.receivedBytes, 0),
    );
    const bytes = record('a');
    nodes[0]?.directory.accept(bytes);
    await at.pass(10 * FLUSH_MS);
    const received = nodes.map(
      ({ network }, i) =>
        network.peers().reduce((sum, peer) => sum + peer.receivedBytes, 0) - (before[i] ?? 0),
    );
    for (const sum of received.slice(1)) {
      expect(sum).toBeGreaterThan(bytes.length);
      expect(sum).toBeLessThan(2 * bytes.length);
    }
  });

  test('a peer that keeps what it has is not waited for', async () => {
    await using at = scene();
    const [node, honest] = [at.open('node'), at.open('z-honest')];
    const bytes = record('someone');
    const silent = await hostile(at, node);
    await silent.send(announcementCodec.encode({ kind: 'have', ids: idsToBytes([recordId(bytes)]) }), {
      signal,
    });
    honest.directory.accept(bytes);
    await at.link(node, honest);
    await at.pass(2 * FLUSH_MS);
    expect(node.directory.find('someone')).toBeNull();
    await at.pass(2 * WANT_TIMEOUT_MS);
    expect(node.directory.find('someone')).not.toBeNull();
  });

  test('what a lost link was asked for is asked of another', async () => {
    await using at = scene();
    const [node, honest] = [at.open('node'), at.open('z-honest')];
    const bytes = record('someone');
    const silent = await hostile(at, node);
    await silent.send(announcementCodec.encode({ kind: 'have', ids: idsToBytes([recordId(bytes)]) }), {
      signal,
    });
    honest.directory.accept(bytes);
    await at.link(node, honest);
    await at.pass(2 * FLUSH_MS);
    silent.abort();
    await at.pass(FLUSH_MS);
    expect(node.directory.find('someone')).not.toBeNull();
  });

  test('two links made at the same time leave one', async () => {
    await using at = scene();
    const [a, b] = [at.open('a'), at.open('b')];
    at.hub.shape('a', 'b', { delayMs: 100 });
    const dialled = a.network.dial({ peer: 'b', addresses: b.network.addresses() }, { signal });
    await at.pass(500);
    await dialled;
    const both = Promise.all([a.spread.link('b', { signal }), b.spread.link('a', { signal })]);
    await at.pass(1000);
    await both;
    await at.pass(1000);
    expect(a.spread.links().map(({ kind }) => kind)).toEqual(['ours']);
    expect(b.spread.links().map(({ kind }) => kind)).toEqual(['theirs']);
    b.directory.accept(record('b'));
    await at.pass(2000);
    expect(a.directory.find('b')).not.toBeNull();
  });
});

/** A peer that speaks the protocol by hand. */
async function hostile(
  at: ReturnType<typeof scene>,
  node: { network: Network },
  key = 'hostile',
): Promise<Channel> {
  const network = at.hub.open({ key });
  const { protocol, frameBytesMax } = announcementCodec;
  await network.dial({ peer: node.network.self, addresses: node.network.addresses() }, { signal });
  return await network.open(node.network.self, protocol, { signal, frameBytesMax });
}

async function received(channel: Channel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  try {
    for await (const frame of channel.frames) frames.push(frame);
  } catch {
    // It was cut off, which is what the tests look at elsewhere.
  }
  return frames;
}

describe('a hostile peer', () => {
  const someone = record('someone');
  const cases: [string, Uint8Array[]][] = [
    ['sends what nobody wanted', [announcementCodec.encode({ kind: 'records', records: [someone] })]],
    ['sends what is no message', [Uint8Array.of(1, 2, 3)]],
    [
      'sends a list of half an id',
      [
        Uint8Array.of(
          0xa2,
          0x63,
          0x69,
          0x64,
          0x73,
          0x41,
          1,
          0x64,
          0x6b,
          0x69,
          0x6e,
          0x64,
          0x64,
          0x68,
          0x61,
          0x76,
          0x65,
        ),
      ],
    ],
  ];
  test.each(cases)('that %s is cut off and refused for a while; the others go on', async (_, frames) => {
    await using at = scene();
    const [node, honest] = [at.open('node'), at.open('honest')];
    await at.link(node, honest);
    const channel = await hostile(at, node);
    const all = received(channel);
    for (const frame of frames) await channel.send(frame, { signal });
    await at.pass(1000);
    await all;
    expect(node.network.peers().map(({ peer }) => peer)).toEqual(['honest']);
    expect(node.log.lines.map(({ event }) => event)).toContain('swarm.peer-broke-protocol');
    await expect(hostile(at, node, 'other')).resolves.toBeDefined();
    honest.directory.accept(someone);
    await at.pass(2000);
    expect(node.directory.find('someone')).not.toBeNull();
    expect(BROKEN_REFUSE_MS).toBeGreaterThan(2000);
  });

  test('that hands on what no member signed is cut off', async () => {
    await using at = scene();
    const node = at.open('node');
    const channel = await hostile(at, node);
    const forged = Buffer.from('forged');
    const all = received(channel);
    await channel.send(announcementCodec.encode({ kind: 'have', ids: idsToBytes([recordId(forged)]) }), {
      signal,
    });
    await at.pass(1000);
    await channel.send(announcementCodec.encode({ kind: 'records', records: [forged] }), { signal });
    await at.pass(1000);
    await all;
    expect(node.spread.links()).toEqual([]);
    expect(node.network.peers()).toEqual([]);
  });

  test('gets each record once a link, however often it asks', async () => {
    await using at = scene();
    const node = at.open('node');
    node.directory.accept(someone);
    const channel = await hostile(at, node);
    const all = received(channel);
    const want = announcementCodec.encode({
      kind: 'want',
      ids: idsToBytes(Array(100).fill(recordId(someone))),
    });
    for (let i = 0; i < 20; i += 1) await channel.send(want, { signal });
    await at.pass(2000);
    channel.abort();
    await at.pass(1000);
    const messages = (await all).map((frame) => announcementCodec.decode(frame));
    const records = messages.flatMap((message) => (message.kind === 'records' ? message.records : []));
    expect(records).toHaveLength(1);
  });

  test('that talks without end is read at its pace', async () => {
    await using at = scene();
    const node = at.open('node');
    const channel = await hostile(at, node);
    let sent = 0;
    const flood = async (): Promise<void> => {
      for (let round = 0; round < 4000; round += 1) {
        const ids = new Uint8Array(randomBytes(512 * RECORD_ID_BYTES));
        await channel.send(announcementCodec.encode({ kind: 'have', ids }), { signal });
        sent += ids.length;
      }
    };
    const flooding = flood().catch(() => undefined);
    await at.pass(10_000);
    expect(sent).toBeLessThan(6 * 1024 * 1024);
    channel.abort();
    await flooding;
  });

  test('is told so where there is no room for a link', async () => {
    await using at = scene();
    const node = at.open('node', 'refused');
    const channel = await hostile(at, node);
    const [frame] = await received(channel);
    expect(() => announcementCodec.decode(frame as Uint8Array)).toThrow(/SPREAD_FULL/);
    expect(node.spread.links()).toEqual([]);
  });
});

test('a peer that has more than may be wanted at once is asked for the rest later', async () => {
  await using at = scene();
  const [a, b] = [at.open('a'), at.open('b')];
  for (let i = 0; i < WANTED_OF_PEER_MAX + 500; i += 1) b.directory.accept(record(`node-${i}`));
  await at.link(a, b);
  await at.pass(3 * FLUSH_MS);
  expect(a.directory.nodes()).toHaveLength(WANTED_OF_PEER_MAX);
  a.spread.reconcile();
  await at.pass(3 * FLUSH_MS);
  expect(a.directory.nodes()).toHaveLength(WANTED_OF_PEER_MAX + 500);
});

test('a peer that takes nothing any more loses its link', async () => {
  await using at = scene();
  const node = at.open('node');
  const channel = await hostile(at, node);
  for (let i = 0; i < 400; i += 1) node.directory.accept(record(`node-${i}`.padEnd(900, 'x')));
  await at.pass(2 * FLUSH_MS);
  const ids = node.directory.nodes().map(({ id }) => id);
  await channel.send(announcementCodec.encode({ kind: 'want', ids: idsToBytes(ids) }), { signal });
  await at.pass(2 * FLUSH_MS);
  node.spread.reconcile();
  expect(node.spread.links()).toHaveLength(1);
  await at.pass(LINK_SEND_TIMEOUT_MS);
  node.spread.reconcile();
  await at.pass(FLUSH_MS);
  expect(node.spread.links()).toEqual([]);
});
