/** A short run of what `node bench/chaos.ts --mode fast` does for an hour. */
import { expect, test } from 'vitest';
import { addChaosNodes, drawFrom, runChaos } from './kit/chaos.ts';
import { openFastJudge } from './kit/chaos-judges.ts';
import { twoKernels } from './kit/kernels.ts';
import { openRealSwarm } from './kit/real-swarm.ts';

const RUN_MS = 240_000;
const ANSWER_TOKENS = 150;
const { kernels, reason } = twoKernels();
if (kernels === null) console.log(`two numeric classes are not mixed: ${reason}`);

test.skipIf(kernels === null)(
  'rigs of two numeric classes: nothing that was sent changes, and the rest is as if asked afresh',
  async () => {
    const seed = Date.now() % 1_000_000;
    await using swarm = await openRealSwarm('tiny-alone');
    const nodes = await addChaosNodes(swarm, 3, kernels ?? []);
    await using judge = await openFastJudge(swarm.model, kernels ?? [], ANSWER_TOKENS);
    const report = await runChaos(nodes, {
      ...{ judge, answers: 8, inFlight: 3, harmers: 1 },
      ...{ harmsMin: 2, goneOnWithMin: 2, frozenMs: 3000, cutMs: 1000, draw: drawFrom(seed) },
    });
    console.log(`seed ${seed}: ${JSON.stringify({ ...report, told: judge.told, unsure: judge.unsure })}`);
    expect(report.faults).toEqual([]);
    // Both took part, and what they draw is not the same.
    expect(Object.keys(judge.told).sort()).toEqual([...(kernels ?? [])].sort());
    expect(judge.unsure).toBeLessThan(report.goneOnWith);
  },
  RUN_MS,
);
