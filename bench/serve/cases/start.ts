/** `./filon up` with everything there, from the command to the first moment at which a model can answer. */
import { type Bench, FILON } from '../bench.ts';
import { startNode } from '../programs/filon-node.ts';
import { llamaServerName, startLlamaServer } from '../programs/llama-server.ts';
import type { Measure } from '../report.ts';
import { summarize } from '../statistics.ts';
import { takeTurns } from '../turns.ts';

const GOAL_MS = 3000;
/** A start is long enough to be measured a few times only. */
const ROUNDS_MAX = 5;

export async function* startCase(bench: Bench): AsyncGenerator<Measure> {
  bench.say('starts ...');
  const { options, signal, model, filon, home, device } = bench;
  const { threads } = options;
  const binary = await bench.llamaServer();
  const node = { name: FILON, command: filon, home, model: model.name, device, threads };
  const server = { binary, modelPath: model.path, threads, unified: true };
  const times = await takeTurns(
    {
      [FILON]: () => timed(() => startNode(node, signal)),
      [llamaServerName(true)]: () => timed(() => startLlamaServer(server, signal)),
    },
    { rounds: Math.min(options.rounds, ROUNDS_MAX), signal },
  );
  const values = Object.fromEntries(Object.entries(times).map(([name, all]) => [name, summarize(all)]));
  const median = values[FILON]?.median ?? 0;
  const notes = [
    `goal: at most ${GOAL_MS} ms: ${median <= GOAL_MS ? 'met' : 'not met'}`,
    filon.launched
      ? 'through ./filon'
      : 'without the launcher, because the packages are not those of the lock file',
  ];
  yield { case: 'start', what: 'start to ready', unit: 'ms', values, ratio: null, notes };
}

async function timed(start: () => Promise<AsyncDisposable>): Promise<number> {
  const startMs = performance.now();
  await using _started = await start();
  return performance.now() - startMs;
}
