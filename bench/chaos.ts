/**
 * Answers in flight while rigs die, freeze and are cut off, for an hour: `node bench/chaos.ts [--mode exact|fast]
 * [--minutes 60] [--seed N]`. Exact: one numeric class. Fast: two, mixed. Ends with 1 when a byte was not as it must be
 * or an error was not honest. JSON to standard output.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addChaosNodes, type ChaosReport, drawFrom, runChaos } from '../test/kit/chaos.ts';
import { exactJudge, openFastJudge } from '../test/kit/chaos-judges.ts';
import { twoKernels } from '../test/kit/kernels.ts';
import { openRealSwarm } from '../test/kit/real-swarm.ts';
import { readMachine } from './serve/machine.ts';
import { memoryOf } from './serve/memory.ts';

const RIGS = 4;
const ANSWER_TOKENS = 300;
const ROUND = {
  ...{ answers: 200, inFlight: 6, harmers: 2, harmsMin: 20, goneOnWithMin: 0 },
  ...{ frozenMs: 10_000, cutMs: 5000 },
};

const { values } = parseArgs({
  options: {
    mode: { type: 'string', default: 'exact' },
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
  },
});
const endMs = performance.now() + Number(values.minutes) * 60_000;
const machine = await readMachine(join(import.meta.dirname, '..'), AbortSignal.timeout(10_000));
const draw = drawFrom(Number(values.seed));
const isFast = values.mode === 'fast';
const { kernels, reason } = twoKernels();
if (isFast && kernels === null) throw new RangeError(`two numeric classes cannot be mixed here: ${reason}`);
const classes = isFast ? (kernels ?? []) : [];
await using swarm = await openRealSwarm(isFast ? 'tiny-alone' : 'tiny');
const nodes = await addChaosNodes(swarm, RIGS, classes);
await using fast = isFast ? await openFastJudge(swarm.model, classes, ANSWER_TOKENS) : null;
const judge = fast ?? exactJudge(ANSWER_TOKENS);
const rounds: (ChaosReport & { gatewayMb: number })[] = [];
while (performance.now() < endMs) {
  const report = await runChaos(nodes, { ...ROUND, judge, draw });
  // The gateway lives through all of it: its memory must not grow.
  const gatewayMb = (await memoryOf(nodes.gateway.running.child.pid ?? 0)).rssMb;
  rounds.push({ ...report, gatewayMb });
  process.stderr.write(`${JSON.stringify({ ...report, gatewayMb })}\n`);
}
const pausesMs = rounds.flatMap((round) => round.pausesMs).sort((a, b) => a - b);
const sum = (of: (round: ChaosReport) => number): number => rounds.reduce((all, one) => all + of(one), 0);
const faults = rounds.flatMap((round) => round.faults);
const report = {
  ...{ machine, settings: { ...ROUND, ...values, answerTokens: ANSWER_TOKENS } },
  answered: sum(({ answered }) => answered),
  goneOnWith: sum(({ goneOnWith }) => goneOnWith),
  refused: sum(({ refused }) => Object.values(refused).reduce((all, count) => all + count, 0)),
  harms: sum(({ harms }) => Object.values(harms).reduce((all, count) => all + count, 0)),
  pauseMs: { median: at(0.5), p95: at(0.95), most: at(1) },
  gatewayMb: rounds.map(({ gatewayMb }) => Math.round(gatewayMb)),
  ...(fast === null ? {} : { told: fast.told, unsure: fast.unsure }),
  faults,
};
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

function at(share: number): number {
  return Math.round(pausesMs[Math.max(0, Math.ceil(share * pausesMs.length) - 1)] ?? 0);
}
