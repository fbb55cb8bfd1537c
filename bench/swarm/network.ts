/**
 * Measures the network on loopback, each node in a process of its own: `node bench/swarm/network.ts`. Times of an echo
 * alone and beside bulk, dials, and the memory of a node with 50 peers. JSON to standard output.
 */
import { generateKeyPairSync } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openLibp2pNetwork } from '@filon/node/adapters/libp2p/network';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import type { Channel, Network, PeerAddress } from '@filon/node/ports/network';
import { NetworkPeer } from '../../test/kit/network-peer.ts';
import { readMachine } from '../serve/machine.ts';
import { memoryOf } from '../serve/memory.ts';

const ECHOES = 2000;
const WARM_UP = 200;
const BULK_FRAME_BYTES = 262_144;
const ROUNDS = 4;
const PEERS = 50;
/** As `./filon` starts a node. */
const LAUNCHER_FLAGS = ['--max-semi-space-size=2', '--expose-gc'];
const { signal } = new AbortController();
const clock = createSystemClock();

interface Times {
  medianMs: number;
  p99Ms: number;
  mostMs: number;
}

async function openNode(): Promise<Network> {
  const { privateKey } = generateKeyPairSync('ed25519');
  return await openLibp2pNetwork({ key: privateKey, listen: [] }, { clock, isMember: () => true });
}

async function startPeer(): Promise<{ pid: number; address: PeerAddress } & AsyncDisposable> {
  const peer = new NetworkPeer({ flags: LAUNCHER_FLAGS });
  return {
    pid: peer.process.pid ?? 0,
    address: await peer.address(),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

function timesOf(samples: readonly number[]): Times {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(3));
  return { medianMs: at(0.5), p99Ms: at(0.99), mostMs: at(1) };
}

async function echoTimes(channel: Channel, bytes: number, count: number): Promise<Times> {
  return timesOf(await echoSamples(channel, bytes, count));
}

/** In milliseconds. */
async function echoSamples(channel: Channel, bytes: number, count: number): Promise<number[]> {
  const frames = channel.frames[Symbol.asyncIterator]();
  const frame = new Uint8Array(bytes).fill(1);
  const samples: number[] = [];
  for (let turn = -WARM_UP; turn < count; turn++) {
    const startMs = performance.now();
    await channel.send(frame, { signal });
    await frames.next();
    if (turn >= 0) samples.push(performance.now() - startMs);
  }
  return samples;
}

const openEcho = (node: Network, { peer }: PeerAddress): Promise<Channel> =>
  node.open(peer, '/filon/echo/1', { frameBytesMax: 1_000_000, signal });

/** Sends frames as fast as they go until `over`, and reads what comes back. How many bytes came a second. */
async function bulk(channel: Channel, over: AbortSignal): Promise<number> {
  const startMs = performance.now();
  const frame = new Uint8Array(BULK_FRAME_BYTES).fill(2);
  const sending = (async () => {
    while (!over.aborted) await channel.send(frame, { signal });
    await channel.end();
  })();
  let received = 0;
  for await (const { byteLength } of channel.frames) received += byteLength;
  await sending;
  return (received * 1000) / (performance.now() - startMs);
}

/**
 * In turns, so that whatever slows the machine down meets both alike. `turnMs` is how long a turn of the event loop took
 * on this side: what everything else in the process waits for.
 */
async function besideBulk(node: Network, address: PeerAddress) {
  const alone: number[] = [];
  const beside: number[] = [];
  let bytesPerSecond = 0;
  const turns = monitorEventLoopDelay({ resolution: 1 });
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(...(await echoSamples(await openEcho(node, address), 64, 250)));
    const over = new AbortController();
    turns.enable();
    const running = bulk(await openEcho(node, address), over.signal);
    beside.push(...(await echoSamples(await openEcho(node, address), 64, 250)));
    turns.disable();
    over.abort();
    bytesPerSecond += (await running) / ROUNDS;
  }
  const turnMs = (percentile: number): number => Math.round(turns.percentile(percentile) / 1e5) / 10;
  return {
    ...{ alone64: timesOf(alone), beside64: timesOf(beside) },
    bulkMbPerSecond: Math.round(bytesPerSecond / 1e5) / 10,
    turnMs: { median: turnMs(50), p99: turnMs(99) },
  };
}

async function dialTimes(): Promise<Times> {
  await using peer = await startPeer();
  const samples: number[] = [];
  for (let turn = 0; turn < 40; turn++) {
    await using node = await openNode();
    const startMs = performance.now();
    await node.dial(peer.address, { signal });
    if (turn >= 10) samples.push(performance.now() - startMs);
  }
  return timesOf(samples);
}

async function memory() {
  await using peer = await startPeer();
  const idle = await memoryOf(peer.pid);
  await using stack = new AsyncDisposableStack();
  for (let count = 0; count < PEERS; count++) {
    const node = stack.use(await openNode());
    await node.dial(peer.address, { signal });
    await echoTimes(await openEcho(node, peer.address), 1200, 20);
  }
  await clock.sleep(10_000, {});
  return { idle, with50Peers: await memoryOf(peer.pid) };
}

async function echoes() {
  await using peer = await startPeer();
  await using node = await openNode();
  await node.dial(peer.address, { signal });
  const channel = await openEcho(node, peer.address);
  return {
    echo64: await echoTimes(channel, 64, ECHOES),
    echo1200: await echoTimes(channel, 1200, ECHOES),
    echo16384: await echoTimes(channel, 16_384, ECHOES),
    besideBulk: await besideBulk(node, peer.address),
  };
}

const root = new URL('../..', import.meta.url).pathname;
const report = {
  machine: await readMachine(root, signal),
  echoes: await echoes(),
  dial: await dialTimes(),
  memoryMb: await memory(),
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
