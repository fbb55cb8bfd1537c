/**
 * Members that come and go, for ten minutes: `node bench/churn.ts [--minutes 10] [--members 60] [--seed N]`, while a
 * second rig is killed and started again. Ends with 1 when a node was thought of after its announcement had ended, when an answer was not as
 * before, or when memory grew. JSON to standard output.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { swarmKeyOf } from '../test/kit/bare-peer.ts';
import { drawFrom } from '../test/kit/chaos.ts';
import { runChurn } from '../test/kit/churn.ts';
import { openRealSwarm, type SwarmNode } from '../test/kit/real-swarm.ts';
import { DEBUGGER, openLiveHeap } from './live-heap.ts';
import { readMachine } from './serve/machine.ts';
import { memoryOf } from './serve/memory.ts';

/** As `./filon` starts a node. */
const LAUNCHER = { NODE_OPTIONS: '--max-semi-space-size=2' };
const DEBUGGED = { NODE_OPTIONS: `${LAUNCHER.NODE_OPTIONS} ${DEBUGGER}` };
const SAMPLE_EVERY_MS = 15_000;
const RESTART_EVERY_MS = 30_000;
/** Of the run, what is left out: caches fill and code is compiled. */
const WARM_UP_SHARE = 0.3;
/** Of what is live, by the line through the samples that are left, from the first of them to the last. */
const GROWTH_MB_MAX = 2;
const TIMES = { everyMs: 2000, holdsMs: [5000, 40_000], staysMs: [2000, 60_000] } as const;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    members: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const durationMs = Number(values.minutes) * 60_000;
const machine = await readMachine(join(import.meta.dirname, '..'), AbortSignal.timeout(10_000));
await using swarm = await openRealSwarm();
const rig = await swarm.add({ name: 'rig', serves: true, environment: DEBUGGED });
const gateway = await swarm.add({ name: 'gateway', serves: false, environment: DEBUGGED });
const second = await swarm.add({ name: 'second rig', serves: true, environment: LAUNCHER });
const over = new AbortController();
const samples = { rig: sampled(rig), gateway: sampled(gateway) };
const restarts = restarting(second);
const churned = await runChurn(
  { model: swarm.model, rig, gateway, root: await swarmKeyOf(rig) },
  { ...TIMES, members: Number(values.members), durationMs, draw: drawFrom(Number(values.seed)) },
);
over.abort();
const memory = { rig: linesOf(await samples.rig), gateway: linesOf(await samples.gateway) };
const faults = [
  ...churned.faults,
  ...Object.entries(memory).flatMap(([name, { live }]) =>
    live.growthMb > GROWTH_MB_MAX ? [`what the ${name} uses grew by ${live.growthMb} MB`] : [],
  ),
];
const report = { machine, settings: { ...TIMES, ...values, GROWTH_MB_MAX }, ...churned, faults };
process.stdout.write(`${JSON.stringify({ ...report, restarts: await restarts, memory }, null, 2)}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

interface Sample {
  atMs: number;
  /** After a collection. */
  liveMb: number;
  residentMb: number;
}

async function sampled(node: SwarmNode): Promise<Sample[]> {
  using heap = await openLiveHeap(node.running.stderr());
  const taken: Sample[] = [];
  while (!over.signal.aborted) {
    const liveMb = await heap.read();
    const { rssMb: residentMb } = await memoryOf(node.running.child.pid ?? 0);
    taken.push({ atMs: performance.now(), liveMb, residentMb });
    await pass(SAMPLE_EVERY_MS);
  }
  return taken;
}

/** How often. */
async function restarting(node: SwarmNode): Promise<number> {
  for (let count = 0; ; count += 1) {
    await pass(RESTART_EVERY_MS);
    if (over.signal.aborted) return count;
    await node.kill();
    await node.start();
  }
}

/** Or until it is over. */
async function pass(ms: number): Promise<void> {
  await delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
}

type Line = Record<'firstMb' | 'meanMb' | 'lastMb' | 'mbPerHour' | 'errorMbPerHour' | 'growthMb', number>;

function linesOf(all: readonly Sample[]): { samples: number; live: Line; resident: Line } {
  const kept = all.slice(Math.floor(all.length * WARM_UP_SHARE));
  const hours = kept.map(({ atMs }) => atMs / 3_600_000);
  const live = lineOf(
    hours,
    kept.map(({ liveMb }) => liveMb),
  );
  const resident = lineOf(
    hours,
    kept.map(({ residentMb }) => residentMb),
  );
  return { samples: kept.length, live, resident };
}

/** The straight line with the least squared distances; `errorMbPerHour`: the standard error of its slope. */
function lineOf(hours: readonly number[], mb: readonly number[]): Line {
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [hour, level] = [mean(hours), mean(mb)];
  const spread = hours.reduce((sum, at) => sum + (at - hour) ** 2, 0);
  const slope = hours.reduce((sum, at, i) => sum + (at - hour) * ((mb[i] ?? 0) - level), 0) / spread;
  const left = hours.reduce((sum, at, i) => sum + ((mb[i] ?? 0) - level - slope * (at - hour)) ** 2, 0);
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  return {
    firstMb: rounded(mb[0] ?? 0),
    meanMb: rounded(level),
    lastMb: rounded(mb.at(-1) ?? 0),
    mbPerHour: rounded(slope),
    errorMbPerHour: rounded(Math.sqrt(left / (hours.length - 2) / spread)),
    growthMb: rounded(slope * ((hours.at(-1) ?? 0) - (hours[0] ?? 0))),
  };
}
