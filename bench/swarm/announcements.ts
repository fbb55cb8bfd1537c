/**
 * Simulates what the announcements of a swarm cost each node: `node bench/swarm/announcements.ts [--nodes 1000]
 * [--seconds 120]`. The codecs, the directory, the spreading and the choice of links are the real ones; the network is in
 * memory, time is virtual, and a signature that one simulated node has verified is believed by the others. JSON to standard
 * output.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ANNOUNCE_EVERY_MS } from '@filon/core/directory/announcement';
import type { Member } from '@filon/core/swarm/proof';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryHub } from '@filon/node/adapters/memory/network';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import type { Channel, Network } from '@filon/node/ports/network';
import { Anchors } from '@filon/node/swarm/directory/anchors';
import { Directory } from '@filon/node/swarm/directory/directory';
import { recordReader } from '@filon/node/swarm/directory/read-record';
import { type OpenedRecord, type OpenRecord, recordId } from '@filon/node/swarm/directory/records';
import { Spread } from '@filon/node/swarm/directory/spread';
import { Topology } from '@filon/node/swarm/directory/topology';
import { verifyEd25519 } from '@filon/node/swarm/membership/verify';
import {
  type AnnouncingMember,
  announcingMember,
  readMember,
  sampleAnnouncement,
} from '../../test/kit/announcing-member.ts';
import { NOW_MS } from '../../test/kit/swarm-keys.ts';
import { readMachine } from '../serve/machine.ts';
import { VirtualClock } from './virtual-clock.ts';

const STEP_MS = 250;
/** Links are made, and what nodes know of one another is exchanged. */
const WARM_UP_SECONDS = 60;
/** What a frame costs beside its bytes: its length, yamux, noise, and a packet of its own on IPv4 with timestamps. */
const FRAME_OVERHEAD_BYTES = 2 + 12 + 18 + 52;

interface Counted {
  bytes: number;
  frames: number;
}

const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '120' } },
});
const NODES = Number(values.nodes);
const SECONDS = Number(values.seconds);
const clock = new VirtualClock({ startMs: NOW_MS, stepMs: STEP_MS });
const hub = createMemoryHub({ clock });
const members = new Map<string, Member>();
const noLists = { own: new Set<string>(), trusted: new Set<string>() };
const open = memoized(
  recordReader({
    members: { find: (node) => members.get(node) ?? null, learn: readMember },
    verify: verifyEd25519,
  }),
);

let seed = 1;
const draw = (): number => {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
};

/** Each record is read once, whoever reads it: a thousand nodes in one process verify nothing twice. */
function memoized(read: OpenRecord): OpenRecord {
  const known = new Map<string, OpenedRecord | null>();
  return (bytes) => {
    const id = recordId(bytes);
    const opened = known.get(id);
    if (opened !== undefined) return opened;
    const fresh = read(bytes);
    known.set(id, fresh);
    return fresh;
  };
}

function counting(network: Network, sent: Counted, received: Counted): Network {
  const counted = (channel: Channel): Channel => ({
    peer: channel.peer,
    send: (frame, options) => {
      sent.bytes += frame.length;
      sent.frames += 1;
      return channel.send(frame, options);
    },
    frames: {
      async *[Symbol.asyncIterator]() {
        for await (const frame of channel.frames) {
          received.bytes += frame.length;
          received.frames += 1;
          yield frame;
        }
      },
    },
    end: () => channel.end(),
    abort: () => channel.abort(),
  });
  return {
    self: network.self,
    addresses: () => network.addresses(),
    dial: (...asked) => network.dial(...asked),
    open: async (...asked) => counted(await network.open(...asked)),
    handle: (protocol, handler, limits) =>
      network.handle(protocol, (channel) => handler(counted(channel)), limits),
    peers: () => network.peers(),
    watch: (listener) => network.watch(listener),
    drop: (...asked) => network.drop(...asked),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

interface SimulatedNode {
  member: AnnouncingMember;
  directory: Directory;
  spread: Spread;
  sent: Counted;
  received: Counted;
  addresses: string[];
}

function startNode(name: string): SimulatedNode {
  const member = announcingMember(name);
  members.set(member.signer.key, readMember(member.proof));
  const sent = { bytes: 0, frames: 0 };
  const received = { bytes: 0, frames: 0 };
  const subnet = `${1 + Math.floor(draw() * 220)}.${Math.floor(draw() * 250)}`;
  const addresses = [
    `/ip4/${subnet}.${Math.floor(draw() * 250)}.${members.size % 250}/tcp/${4001 + members.size}`,
  ];
  const network = counting(hub.open({ key: member.signer.key, addresses }), sent, received);
  const directory = new Directory({ clock, lists: () => noLists, open });
  const log = createMemoryLog();
  const anchors = new Anchors({ clock, store: createMemoryStore() });
  const find = (node: string): Member | null => members.get(node) ?? null;
  const topology = new Topology({
    network,
    members: { find },
    directory,
    anchors,
    clock,
    log,
    lists: () => noLists,
    draw,
  });
  const spread = new Spread({
    network,
    directory,
    clock,
    log,
    admits: (...asked) => topology.admits(...asked),
  });
  topology.start(spread);
  return { member, directory, spread, sent, received, addresses };
}

/** As the announcer does: every few minutes, each at its own time. */
async function announce({ member, directory, addresses }: SimulatedNode): Promise<void> {
  for (let waitMs = draw() * ANNOUNCE_EVERY_MS; ; waitMs = ANNOUNCE_EVERY_MS * (0.9 + 0.2 * draw())) {
    await clock.sleep(waitMs, {});
    directory.accept(member.record(sampleAnnouncement(clock.nowMs(), { addresses })));
  }
}

async function pass(seconds: number): Promise<void> {
  for (let left = seconds * 1000; left > 0; left -= STEP_MS) {
    clock.step();
    await turn();
  }
}

function perSecond(nodes: readonly SimulatedNode[], of: 'sent' | 'received'): object {
  const bytes = nodes.map((node) => node[of].bytes / SECONDS).sort((a, b) => a - b);
  const frames = nodes.reduce((sum, node) => sum + node[of].frames, 0) / nodes.length / SECONDS;
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
  return {
    meanBytes: Math.round(mean),
    meanBytesOnTheLine: Math.round(mean + frames * FRAME_OVERHEAD_BYTES),
    p99Bytes: Math.round(bytes[Math.ceil(bytes.length * 0.99) - 1] ?? 0),
    mostBytes: Math.round(bytes.at(-1) ?? 0),
    meanFrames: Math.round(frames * 10) / 10,
  };
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const startedMs = performance.now();
const nodes = Array.from({ length: NODES }, (_, i) => startNode(`${i}`));
const records = nodes.map(({ member, addresses }) =>
  member.record(sampleAnnouncement(NOW_MS, { addresses })),
);
for (const { directory } of nodes) for (const record of records) directory.accept(record);
say(`${NODES} nodes know one another; ${WARM_UP_SECONDS} s to make links`);
for (const node of nodes) void announce(node);
await pass(WARM_UP_SECONDS);
for (const { sent, received } of nodes)
  Object.assign(sent, { bytes: 0, frames: 0 }) && Object.assign(received, { bytes: 0, frames: 0 });
say(`${SECONDS} s that count`);
await pass(SECONDS);
const links = nodes.map(({ spread }) => spread.links().length);
const stale = nodes.flatMap(({ directory }) =>
  nodes.filter(({ member, directory: own }) => {
    const truth = own.newestMs(member.signer.key) ?? 0;
    return clock.nowMs() - truth > 10_000 && directory.newestMs(member.signer.key) !== truth;
  }),
);
process.stdout.write(
  `${JSON.stringify(
    {
      machine: await readMachine(new URL('../..', import.meta.url).pathname, new AbortController().signal),
      ...{
        nodes: NODES,
        seconds: SECONDS,
        announcedEveryMs: ANNOUNCE_EVERY_MS,
        recordBytes: records[0]?.length,
      },
      meanLinks: links.reduce((sum, count) => sum + count, 0) / links.length,
      aSecondANode: { sent: perSecond(nodes, 'sent'), received: perSecond(nodes, 'received') },
      /** Pairs of nodes of which the first does not know the second's newest announcement 10 s after it. */
      stalePairs: stale.length,
      tookMs: Math.round(performance.now() - startedMs),
    },
    null,
    2,
  )}\n`,
);
process.exit(0);
