/**
 * Measures whole nodes in one swarm on loopback, each a process: `node bench/swarm/nodes.ts [--rounds 20]`. What a remote
 * node costs over the same node asked directly (that alone with `--only ratios`, of answers of `--tokens 256`), how long a
 * reader waits when it is killed, how long joining takes, and the memory of a node with 50 peers. The starter model in
 * fast mode. JSON to standard output.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEvents } from '../../test/kit/real-node.ts';
import {
  inviteOf,
  never,
  openRealSwarm,
  type RealSwarm,
  type SwarmNode,
  until,
} from '../../test/kit/real-swarm.ts';
import { readMachine } from '../serve/machine.ts';
import { memoryOf } from '../serve/memory.ts';
import { openManyMembers } from './many-members.ts';

const TOKENS = 256;
const KILL_AFTER = 128;
const PEERS = 50;
/** As `./filon` starts a node. */
const LAUNCHER = { NODE_OPTIONS: '--max-semi-space-size=2 --expose-gc' };

interface Timed {
  firstTokenMs: number;
  tokensPerSecond: number;
  /** The longest time without a token after the first. */
  pauseMs: number;
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    tokens: { type: 'string', default: '256' },
    only: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const answerTokens = Number(values.tokens);
const isAll = values.only !== 'ratios';
const machine = await readMachine(join(import.meta.dirname, '..', '..'), AbortSignal.timeout(10_000));
await using swarm = await openRealSwarm('starter');
const rig = await swarm.add({ name: 'rig', serves: true, environment: LAUNCHER });
const gateway = await swarm.add({ name: 'gateway', serves: false, environment: LAUNCHER });
const direct = await ratios(rig, gateway);
const others = isAll ? await theRest(rig, gateway) : {};
process.stdout.write(`${JSON.stringify({ machine, rounds, ...direct, ...others }, null, 2)}\n`);

async function theRest(there: SwarmNode, here: SwarmNode): Promise<object> {
  const joins = await joining(swarm, there);
  const second = await swarm.add({ name: 'second rig', serves: true, environment: LAUNCHER });
  const pauses = await killing([there, second], here);
  return { ...joins, ...pauses, ...(await withPeers(there, here)) };
}

/** In turns, so that whatever slows the machine down meets both alike. */
async function ratios(there: SwarmNode, here: SwarmNode): Promise<object> {
  const decode: number[] = [];
  const added: number[] = [];
  const firstTokenMs: { direct: number[]; remote: number[] } = { direct: [], remote: [] };
  for (let round = -1; round < rounds; round += 1) {
    const nodes = round % 2 === 0 ? [there, here] : [here, there];
    const times = new Map<SwarmNode, Timed>();
    for (const node of nodes)
      times.set(node, await ask(node, `Round ${round}: tell me of a mine.`, answerTokens));
    const [near, far] = [times.get(there), times.get(here)];
    if (round < 0 || near === undefined || far === undefined) continue;
    decode.push(far.tokensPerSecond / near.tokensPerSecond);
    added.push(far.firstTokenMs - near.firstTokenMs);
    firstTokenMs.direct.push(near.firstTokenMs);
    firstTokenMs.remote.push(far.firstTokenMs);
  }
  const { direct, remote } = firstTokenMs;
  const whole = { direct: spread(direct), remote: spread(remote) };
  return { decodeRatio: spread(decode), addedFirstTokenMs: spread(added), firstTokenMs: whole };
}

/** From the invite to the first token: of a node that runs, and of one that is started for it. */
async function joining(of: RealSwarm, member: SwarmNode): Promise<object> {
  const running: number[] = [];
  const started: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const node = await of.prepare({ name: `joiner ${round}`, serves: false, environment: LAUNCHER });
    const startMs = performance.now();
    await node.start('--join', await inviteOf(member));
    await ask(node, 'Hello', 1);
    started.push(performance.now() - startMs);
    await node.control.leaveSwarm({}, never);
    const againMs = performance.now();
    await node.control.joinSwarm({ invite: await inviteOf(member), enrols: false }, never);
    await until('it knows the model', async () => {
      const { elsewhere } = await node.control.models({}, never);
      return elsewhere.length > 0;
    });
    await ask(node, 'Hello', 1);
    running.push(performance.now() - againMs);
    await node.kill();
  }
  return { joinMs: spread(running), startAndJoinMs: spread(started) };
}

/** Whoever answers is killed at token 128 of 256; another has the model warm. */
async function killing(rigs: readonly SwarmNode[], here: SwarmNode): Promise<object> {
  const pausesMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await bothReady(here);
    const victims: SwarmNode[] = [];
    const { pauseMs } = await ask(here, `Round ${round}: tell me of a shaft.`, TOKENS, {
      began: async (key) => {
        for (const one of rigs) if ((await one.status()).swarm?.self.key === key) victims.push(one);
      },
      at: () => {
        for (const victim of victims) victim.running.child.kill('SIGKILL');
      },
    });
    pausesMs.push(pauseMs);
    for (const victim of victims) {
      await victim.running.ended;
      await victim.start();
    }
  }
  return { pauseMs: spread(pausesMs) };
}

async function bothReady(here: SwarmNode): Promise<void> {
  const question = { model: swarm.model.name, tier: null, promptTokens: 10, answerTokens: 10 };
  await until('both rigs are ready', async () => {
    const { places } = await here.control.route(question, never).catch(() => ({ places: [] }));
    return places.length >= 2;
  });
}

async function withPeers(member: SwarmNode, here: SwarmNode): Promise<object> {
  const pid = here.running.child.pid ?? 0;
  const before = await memoryOf(pid);
  await using _members = await openManyMembers(PEERS, () => inviteOf(member), here);
  await until(`${PEERS} peers are connected`, async () => {
    const look = await here.control.peers({}, never);
    return (look?.peers.filter(({ connection }) => connection !== null).length ?? 0) >= PEERS;
  });
  // What was needed to meet them is given back within some collections of the heap.
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { residentMb: { alone: before.rssMb, withPeers: (await memoryOf(pid)).rssMb } };
}

interface Watch {
  /** The node that began it. */
  began: (key: string) => Promise<void>;
  /** Token {@link KILL_AFTER} came. */
  at: () => void;
}

async function ask(node: SwarmNode, content: string, tokens = TOKENS, watch?: Watch): Promise<Timed> {
  const startMs = performance.now();
  const answer = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: swarm.model.name,
      messages: [{ role: 'user', content }],
      ...{ max_tokens: tokens, temperature: 0, ignore_eos: true, stream: true },
    }),
  });
  if (!answer.ok) throw new RangeError(`${answer.status}: ${await answer.text()}`);
  await watch?.began(answer.headers.get('filon-served-by')?.split(',')[0] ?? '');
  const times: number[] = [];
  let seen = 0;
  await readEvents(answer, ({ data }) => {
    if (data.length === seen) return;
    seen = data.length;
    times.push(performance.now());
    if (seen === KILL_AFTER) watch?.at();
  });
  const [firstMs = startMs] = times;
  const lastMs = times.at(-1) ?? firstMs;
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return {
    firstTokenMs: firstMs - startMs,
    tokensPerSecond: ((tokens - 1) * 1000) / (lastMs - firstMs),
    pauseMs: Math.max(0, ...gaps),
  };
}

function spread(all: readonly number[]): Record<string, number | number[]> {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Number((sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0).toFixed(3));
  return { median: at(0.5), p95: at(0.95), least: at(0), most: at(1) };
}
