/** A short run of what `node bench/chaos.ts` does for an hour. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addChaosNodes, type ChaosNodes, drawFrom, runChaos } from './kit/chaos.ts';
import { openRealSwarm, type RealSwarm } from './kit/real-swarm.ts';

const RUN_MS = 90_000;

let swarm: RealSwarm;
let nodes: ChaosNodes;
beforeAll(async () => {
  swarm = await openRealSwarm();
  nodes = await addChaosNodes(swarm, 4);
});
afterAll(() => swarm[Symbol.asyncDispose]());

test(
  'five nodes, rigs that die, freeze and are cut off: 60 answers, each as in peace',
  async () => {
    const seed = Date.now() % 1_000_000;
    const report = await runChaos(nodes, {
      ...{ answers: 60, inFlight: 5, answerTokens: 200, harmers: 2, harmsMin: 10 },
      ...{ frozenMs: 3000, cutMs: 1500, draw: drawFrom(seed) },
    });
    console.log(`seed ${seed}: ${JSON.stringify(report)}`);
    expect(report.faults).toEqual([]);
    expect(report.same).toBeGreaterThan(50);
    expect(report.goneOnWith).toBeGreaterThan(0);
  },
  RUN_MS,
);
