/** What the worker's messages and the gateway cost: the same work by the bare loop, by the engine alone, by the node. */
import { FAST_SETTINGS } from '@filon/engine/stage/settings';
import { type Bench, FILON } from '../bench.ts';
import type { Completion } from '../completion.ts';
import { cpuMs } from '../cpu-time.ts';
import { type LoopProcess, startLoop } from '../loops/loop-process.ts';
import type { LoopKind } from '../loops/protocol.ts';
import { descendants } from '../memory.ts';
import { CONTEXT_TOKENS, SESSIONS } from '../options.ts';
import { startNode } from '../programs/filon-node.ts';
import type { Measure } from '../report.ts';
import { ratioOf, type Summary, summarize } from '../statistics.ts';
import { type Turns, takeTurns } from '../turns.ts';
import { ratesOf, type Sessions } from './decode.ts';
import { type DecodeWork, decode, promptRounds } from './work.ts';

const BARE = 'bare loop';
const ENGINE = 'engine';
const GOAL = { atLeast: 0.97 };

type Runner = (work: DecodeWork) => Promise<Completion[]>;

export async function* overheadCase(bench: Bench): AsyncGenerator<Measure> {
  const { options, signal, model, filon, home, device } = bench;
  const { threads } = options;
  await using stack = new AsyncDisposableStack();
  const loop = async (kind: LoopKind): Promise<LoopProcess> => {
    const shape = { contextTokens: CONTEXT_TOKENS, sessions: SESSIONS, settings: FAST_SETTINGS };
    return stack.use(await startLoop({ kind, path: model.path, device, threads, ...shape }, signal));
  };
  const [bare, engine] = [await loop('bare'), await loop('engine')];
  const spec = { name: FILON, command: filon, home, model: model.name, device, threads };
  const node = stack.use(await startNode(spec, signal));
  const [workerPid = 0] = await descendants(node.pid);
  const spent: Spent = { node: [], worker: [] };
  const runners: Record<string, Runner> = {
    [BARE]: (work) => bare.run(work),
    [ENGINE]: (work) => engine.run(work),
    [FILON]: (work) =>
      counted({ node: node.pid, worker: workerPid }, spent, () => decode(node, work, signal)),
  };
  for (const sessions of [1, SESSIONS]) {
    for (const temperature of [0, null]) {
      yield* await compare(bench, runners, { sessions, temperature });
      yield spentMeasure(spent, { sessions, temperature });
    }
  }
}

/** Milliseconds of processor time a token, one figure a turn. */
interface Spent {
  node: number[];
  worker: number[];
}

/** Does the work, and notes what it cost outside of llama.cpp: the node, and the thread of the worker that runs our code. */
async function counted(
  pids: { node: number; worker: number },
  spent: Spent,
  work: () => Promise<Completion[]>,
): Promise<Completion[]> {
  const read = (): Promise<[number, number]> =>
    Promise.all([cpuMs(pids.node, 'process'), cpuMs(pids.worker, 'main thread')]);
  const [nodeBefore, workerBefore] = await read();
  const answers = await work();
  const [nodeAfter, workerAfter] = await read();
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
  spent.node.push((nodeAfter - nodeBefore) / tokens);
  spent.worker.push((workerAfter - workerBefore) / tokens);
  return answers;
}

/** Takes what was noted since the last time; the first turn was for warming up. */
function spentMeasure(spent: Spent, of: Sessions): Measure {
  const values = {
    'node process': summarize(spent.node.splice(0).slice(1)),
    "worker's main thread": summarize(spent.worker.splice(0).slice(1)),
  };
  const what = `${titleOf(of)}: processor time outside of llama.cpp`;
  return { case: 'overhead', what, unit: 'ms/token', values, ratio: null, notes: [] };
}

function titleOf({ sessions, temperature }: Sessions): string {
  const draws = temperature === null ? 'own sampling' : `temperature ${temperature}`;
  return `around the engine, ${sessions === 1 ? '1 session' : `${sessions} sessions`}, ${draws}`;
}

async function compare(
  { options, prompts, signal, say }: Bench,
  runners: Readonly<Record<string, Runner>>,
  { sessions, temperature }: Sessions,
): Promise<Measure[]> {
  const { rounds, tokens } = options;
  const what = titleOf({ sessions, temperature });
  say(`${what} ...`);
  const texts = promptRounds(prompts, sessions, rounds);
  const turns: Turns<Completion[]> = Object.fromEntries(
    Object.entries(runners).map(([name, run]) => [
      name,
      (round: number) => run({ prompts: texts[round] ?? [], tokens, temperature }),
    ]),
  );
  const rates = ratesOf(await takeTurns(turns, { rounds, signal }));
  const steps = stepTimes(rates, sessions);
  const common = { case: 'overhead', notes: [] };
  return [
    { ...common, what, unit: 'tokens/s', values: rates, ratio: ratioOf([FILON, BARE], rates, GOAL) },
    { ...common, what: `${what}: one step`, unit: 'ms', values: steps, ratio: null },
  ];
}

/** Milliseconds for one token of every session. */
function stepTimes(rates: Readonly<Record<string, Summary>>, sessions: number): Record<string, Summary> {
  return Object.fromEntries(
    Object.entries(rates).map(([name, { all }]) => [
      name,
      summarize(all.map((rate) => (sessions * 1000) / rate)),
    ]),
  );
}
