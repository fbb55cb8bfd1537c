/** A short run of what `node bench/chaos.ts` does for an hour. */
import { expect, test } from 'vitest';
import { addChaosNodes, drawFrom, runChaos } from './kit/chaos.ts';
import { exactJudge } from './kit/chaos-judges.ts';
import { openRealSwarm } from './kit/real-swarm.ts';

const RUN_MS = 240_000;

test(
  'five nodes, rigs that die, freeze and are cut off: 60 answers, each as in peace',
  async () => {
    const seed = Date.now() % 1_000_000;
    await using swarm = await openRealSwarm();
    const nodes = await addChaosNodes(swarm, 4);
    const report = await runChaos(nodes, {
      ...{ judge: exactJudge(200), answers: 60, inFlight: 5, harmers: 1 },
      ...{ harmsMin: 10, goneOnWithMin: 1, frozenMs: 3000, cutMs: 1500, draw: drawFrom(seed) },
    });
    console.log(`seed ${seed}: ${JSON.stringify(report)}`);
    expect(report.faults).toEqual([]);
    expect(report.answered).toBeGreaterThan(50);
  },
  RUN_MS,
);
