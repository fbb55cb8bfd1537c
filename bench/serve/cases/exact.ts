/** Exact mode over fast mode of this node, and what each of the exact settings costs by itself. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { Certificate } from '@filon/engine/certify/certificate';
import {
  EXACT_CANDIDATES,
  FAST_SETTINGS,
  type StageSettings,
  settingsName,
} from '@filon/engine/stage/settings';
import type { Bench } from '../bench.ts';
import type { Completion } from '../completion.ts';
import type { BenchErrorDetails } from '../errors.ts';
import { startLoop } from '../loops/loop-process.ts';
import { SESSIONS } from '../options.ts';
import { certifyModel, startNode } from '../programs/filon-node.ts';
import type { Served } from '../programs/served.ts';
import type { Measure } from '../report.ts';
import { ratioOf, type Summary, summarize } from '../statistics.ts';
import { firstTokenMs } from '../timing.ts';
import { takeTurns } from '../turns.ts';
import { decodeRates, ratesOf } from './decode.ts';
import { askTwice, promptRounds } from './work.ts';

const GOALS: Readonly<Record<number, number>> = { 1: 0.8, [SESSIONS]: 0.9 };
const PREFILL_GOAL = { atLeast: 0.7 };
/** Exact settings divide the cells among the sessions: each then has room for the long prompt and more. */
const CONTEXT_TOKENS = 16_384;
const CERTIFICATE = 'certificate.json';

export async function* exactCase(bench: Bench): AsyncGenerator<Measure> {
  const { filon, model, signal, device, scratch, options } = bench;
  // One home a node; the model's file is in both.
  const home = join(scratch, 'exact-home');
  const { threads } = options;
  const shape = { command: filon, device, threads, model: model.name, contextTokens: CONTEXT_TOKENS };
  const { settings } = (await keptCertificate(bench)) ?? (await certify(bench, home));
  if (settings === null) throw nothingHeld(model.name);
  {
    await using fast = await startNode({ ...shape, name: 'fast', home: bench.home }, signal);
    await using exact = await startNode({ ...shape, name: 'exact', home, mode: 'exact' }, signal);
    const served = { fast, exact };
    for (const sessions of [1, SESSIONS]) yield await decodeMeasure(bench, served, sessions);
    yield await prefillMeasure(bench, served);
  }
  for (const sessions of [1, SESSIONS]) yield await ruleCosts(bench, settings, sessions);
}

/** Of an earlier run, if homes are kept. */
async function keptCertificate({ scratch, model }: Bench): Promise<Certificate | null> {
  try {
    const kept = JSON.parse(await readFile(join(scratch, CERTIFICATE), 'utf8')) as Certificate;
    return kept.model === model.sha256 ? kept : null;
  } catch {
    return null;
  }
}

async function certify(bench: Bench, home: string): Promise<Certificate> {
  const { filon, model, signal, device, options, scratch } = bench;
  bench.say('certifying the model for exact mode (minutes) ...');
  await rm(home, { recursive: true, force: true });
  await cp(bench.home, home, { recursive: true });
  const spec = { name: 'certifying', command: filon, device, threads: options.threads, home, model: null };
  await using _node = await startNode(spec, signal);
  const certificate = await certifyModel({ command: filon, home, model: model.name }, signal);
  await writeFile(join(scratch, CERTIFICATE), JSON.stringify(certificate));
  return certificate;
}

function nothingHeld(model: string): FilonError<BenchErrorDetails> {
  return new FilonError(
    { code: 'BENCH_NOT_CERTIFIED', model },
    `No settings of ${model} were found to be exact on this machine.`,
  );
}

type Modes = Readonly<{ fast: Served; exact: Served }>;

async function decodeMeasure(bench: Bench, served: Modes, sessions: number): Promise<Measure> {
  const what = `exact mode, decode, ${sessions === 1 ? '1 session' : `${sessions} sessions`}`;
  bench.say(`${what} ...`);
  const values = await decodeRates(bench, served, { sessions, temperature: 0 });
  const ratio = ratioOf(['exact', 'fast'], values, { atLeast: GOALS[sessions] ?? 1 });
  return { case: 'exact', what, unit: 'tokens/s', values, ratio, notes: [] };
}

async function prefillMeasure(bench: Bench, served: Modes): Promise<Measure> {
  const { options, prompts, promptWords, signal } = bench;
  bench.say('exact mode, prefill ...');
  const texts = Array.from({ length: options.rounds + 1 }, () => prompts.next(promptWords));
  const turn = (one: Served) => (round: number) => askTwice(one, texts[round] ?? '', signal);
  const answers = await takeTurns(
    { fast: turn(served.fast), exact: turn(served.exact) },
    { rounds: options.rounds, signal },
  );
  const rate = ({ promptTokens, ...times }: Completion): number =>
    (promptTokens * 1000) / firstTokenMs({ promptTokens, ...times });
  const values = Object.fromEntries(
    Object.entries(answers).map(([name, all]) => [
      name,
      summarize(all.map(({ uncached }) => rate(uncached))),
    ]),
  );
  const ratio = ratioOf(['exact', 'fast'], values, PREFILL_GOAL);
  return { case: 'exact', what: 'exact mode, prefill', unit: 'tokens/s', values, ratio, notes: [] };
}

/** Fast settings with one of the exact ones at a time, by the bare loop. */
async function ruleCosts(bench: Bench, exact: StageSettings, sessions: number): Promise<Measure> {
  const { options, prompts, signal, model, device } = bench;
  const what = `bare loop, one exact setting at a time, ${sessions === 1 ? '1 session' : `${sessions} sessions`}`;
  bench.say(`${what} ...`);
  await using stack = new AsyncDisposableStack();
  const { rounds, tokens, threads } = options;
  const texts = promptRounds(prompts, sessions, rounds);
  const turns: Record<string, (round: number) => Promise<Completion[]>> = {};
  for (const [name, settings] of Object.entries(variants(exact))) {
    const shape = { contextTokens: CONTEXT_TOKENS, sessions: SESSIONS, settings, threads };
    const loop = stack.use(await startLoop({ kind: 'bare', path: model.path, device, ...shape }, signal));
    turns[name] = (round) => loop.run({ prompts: texts[round] ?? [], tokens, temperature: 0 });
  }
  const values = ratesOf(await takeTurns(turns, { rounds, signal }));
  const fast = values['fast'] as Summary;
  const notes = Object.entries(values).map(
    ([name, { median }]) => `${name}: ${(median / fast.median).toFixed(3)} of fast`,
  );
  return {
    case: 'exact',
    what,
    unit: 'tokens/s',
    values,
    ratio: null,
    notes: [...notes, certifiedNote(exact)],
  };
}

function certifiedNote(settings: StageSettings): string {
  const place = EXACT_CANDIDATES.findIndex((candidate) => settingsName(candidate) === settingsName(settings));
  return `certified: ${settingsName(settings)}, candidate ${place + 1} of ${EXACT_CANDIDATES.length}`;
}

function variants(exact: StageSettings): Record<string, StageSettings> {
  const changed = (Object.keys(FAST_SETTINGS) as (keyof StageSettings)[]).filter(
    (key) => exact[key] !== FAST_SETTINGS[key],
  );
  const alone = changed.map(
    (key) => [`${key} ${exact[key]}`, { ...FAST_SETTINGS, [key]: exact[key] }] as const,
  );
  return { fast: FAST_SETTINGS, ...Object.fromEntries(alone), exact };
}
