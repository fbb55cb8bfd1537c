/** Time to the first token of a long prompt: new, and asked a second time. */
import { type Bench, FILON } from '../bench.ts';
import type { Measure } from '../report.ts';
import { ratioOf, type Summary, summarize } from '../statistics.ts';
import { checkEqual, firstTokenMs } from '../timing.ts';
import { takeTurns } from '../turns.ts';
import { overBetter, startRivals } from './against-llama-server.ts';
import { askTwice, type FirstTokens } from './work.ts';

const GOAL = { atMost: 1.05 };
const CACHED_GOAL = { atMost: 0.05 };

export async function* firstTokenCase(bench: Bench): AsyncGenerator<Measure> {
  await using rivals = await startRivals(bench);
  const { options, prompts, promptWords, signal } = bench;
  bench.say('time to first token ...');
  const texts = Array.from({ length: options.rounds + 1 }, () => prompts.next(promptWords));
  const turns = Object.fromEntries(
    Object.entries(rivals.served).map(([name, served]) => [
      name,
      (round: number) => askTwice(served, texts[round] ?? '', signal),
    ]),
  );
  const answers = await takeTurns(turns, { rounds: options.rounds, signal });
  const notes = [countTokens(answers)];
  const uncached = timesOf(answers, 'uncached');
  const cached = timesOf(answers, 'cached');
  const common = { unit: 'ms', case: 'first-token', notes } as const;
  const newRatio = overBetter(uncached, 'lower', GOAL);
  yield { ...common, what: 'first token, new prompt', values: uncached, ratio: newRatio };
  const cachedRatio = overBetter(cached, 'lower', null);
  yield { ...common, what: 'first token, cached prompt', values: cached, ratio: cachedRatio };
  for (const name of Object.keys(uncached)) {
    const values = { cached: cached[name] as Summary, new: uncached[name] as Summary };
    const goal = name === FILON ? CACHED_GOAL : null;
    const what = `first token, cached over new, ${name}`;
    yield { ...common, what, values, ratio: ratioOf(['cached', 'new'], values, goal), notes: [] };
  }
}

/** Checks that prompts were equal, new and cached, and says how long they were. */
function countTokens(answers: Readonly<Record<string, FirstTokens[]>>): string {
  const rounds = Object.values(answers);
  const sums = rounds.map((all) => all.reduce((sum, { uncached }) => sum + uncached.promptTokens, 0));
  checkEqual('the number of prompt tokens', sums);
  const counts = rounds.flat().map(({ uncached }) => uncached.promptTokens);
  const cached = Object.entries(answers).map(([name, all]) => {
    const shares = all.map((asked) => asked.cached.cachedTokens);
    const unwanted = Math.max(...all.map((asked) => asked.uncached.cachedTokens));
    return `${name}: ${Math.min(...shares)} cached the second time, ${unwanted} at most the first`;
  });
  return `prompts of ${Math.min(...counts)} to ${Math.max(...counts)} tokens; ${cached.join('; ')}`;
}

function timesOf(
  answers: Readonly<Record<string, FirstTokens[]>>,
  which: keyof FirstTokens,
): Record<string, Summary> {
  return Object.fromEntries(
    Object.entries(answers).map(([name, all]) => [
      name,
      summarize(all.map((asked) => firstTokenMs(asked[which]))),
    ]),
  );
}
