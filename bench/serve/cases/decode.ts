/** Generation: one session and eight together, greedy and with each program's own way of drawing. */
import type { Bench } from '../bench.ts';
import type { Completion } from '../completion.ts';
import { SESSIONS } from '../options.ts';
import type { Served } from '../programs/served.ts';
import type { Measure } from '../report.ts';
import { type Summary, summarize } from '../statistics.ts';
import { checkEqual, decodeRate } from '../timing.ts';
import { takeTurns } from '../turns.ts';
import { overBetter, startRivals } from './against-llama-server.ts';
import { decode, promptRounds } from './work.ts';

const GOALS: Readonly<Record<number, number>> = { 1: 0.97, [SESSIONS]: 1 };
const DRAWS = [
  { temperature: 0, called: 'temperature 0' },
  { temperature: null, called: 'own sampling' },
] as const;

export async function* decodeCase(bench: Bench): AsyncGenerator<Measure> {
  await using rivals = await startRivals(bench);
  for (const sessions of [1, SESSIONS]) {
    for (const { temperature, called } of DRAWS) {
      const what = `decode, ${sessions === 1 ? '1 session' : `${sessions} sessions`}, ${called}`;
      bench.say(`${what} ...`);
      const rates = await decodeRates(bench, rivals.served, { sessions, temperature });
      const ratio = overBetter(rates, 'higher', { atLeast: GOALS[sessions] ?? 1 });
      yield { case: 'decode', what, unit: 'tokens/s', values: rates, ratio, notes: [] };
    }
  }
}

export interface Sessions {
  sessions: number;
  temperature: number | null;
}

/** By program. Checks that all were given and generated as many tokens. */
export async function decodeRates(
  { options, prompts, signal }: Bench,
  served: Readonly<Record<string, Served>>,
  { sessions, temperature }: Sessions,
): Promise<Record<string, Summary>> {
  const { rounds, tokens } = options;
  const texts = promptRounds(prompts, sessions, rounds);
  const turn = (one: Served) => (round: number) =>
    decode(one, { prompts: texts[round] ?? [], tokens, temperature }, signal);
  const turns = Object.fromEntries(Object.entries(served).map(([name, one]) => [name, turn(one)]));
  return ratesOf(await takeTurns(turns, { rounds, signal }));
}

export function ratesOf(answers: Readonly<Record<string, Completion[][]>>): Record<string, Summary> {
  const all = Object.values(answers);
  const sum = (key: 'tokens' | 'promptTokens'): number[] =>
    all.map((rounds) => rounds.flat().reduce((total, answer) => total + answer[key], 0));
  checkEqual('the number of prompt tokens', sum('promptTokens'));
  checkEqual('the number of generated tokens', sum('tokens'));
  return Object.fromEntries(
    Object.entries(answers).map(([name, rounds]) => [name, summarize(rounds.map(decodeRate))]),
  );
}
