/**
 * How fast this trainer is, next to PyTorch on the same cores in the same minutes: `node bench/train.ts [--case whole|lora]
 * [--rounds 10] [--threads N] [--python PATH]`. Both train the same shapes, a step at a time in turns. JSON to standard
 * output; see docs/benchmarks.md for how PyTorch gets there.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { physicalCores } from '@filon/engine/device/threads';
import { readMachine } from './serve/machine.ts';
import { ratioOf, summarize } from './serve/statistics.ts';
import { takeTurns } from './serve/turns.ts';
import { openOurs, openPytorch, type Program, TRAININGS } from './train/programs.ts';

const PYTHON = join(homedir(), '.cache/filon-bench/pytorch-2.15.0/bin/python');
const SETTINGS = {
  whole: { ours: ['f32', 'bf16'], theirs: ['f32', 'bf16', 'compile'] },
  lora: { ours: ['bf16'], theirs: ['f32', 'bf16'] },
} as const;

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: 'whole' },
    rounds: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(physicalCores()) },
    python: { type: 'string', default: PYTHON },
  },
});
if (values.case !== 'whole' && values.case !== 'lora') throw new TypeError('--case is whole or lora');
if (!existsSync(values.python))
  throw new TypeError(
    `no ${values.python}: make it with \`python3 -m venv\` and pip install torch==2.15.0 transformers peft`,
  );

const name = values.case;
const threads = Number(values.threads);
const { signal } = new AbortController();
const machine = await readMachine(join(import.meta.dirname, '..'), signal);
const programs = new Map<string, Program>();
try {
  for (const precision of SETTINGS[name].ours)
    programs.set(`filon ${precision}`, await openOurs(name, { precision, threads, signal }));
  for (const mode of SETTINGS[name].theirs)
    programs.set(`pytorch ${mode}`, await openPytorch(name, { mode, threads, python: values.python }));
  const turns = Object.fromEntries([...programs].map(([key, program]) => [key, program.step]));
  const seconds = await takeTurns(turns, { rounds: Number(values.rounds), signal });
  const { sequences, length } = TRAININGS[name];
  const rates = Object.fromEntries(
    Object.entries(seconds).map(([key, all]) => [
      key,
      summarize(all.map((value) => (sequences * length) / value)),
    ]),
  );
  const peaks = Object.fromEntries([...programs].map(([key, program]) => [key, program.peakBytes()]));
  const best = `filon ${SETTINGS[name].ours.at(-1)}`;
  const ratios = SETTINGS[name].theirs.map((mode) => ({
    tokensPerSecond: ratioOf([best, `pytorch ${mode}`], rates, { atLeast: 1 }),
    peakMemory: (peaks[best] ?? 0) / (peaks[`pytorch ${mode}`] ?? 0),
  }));
  const report = { machine, case: name, threads, tokensPerSecond: rates, peakBytes: peaks, ratios };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
} finally {
  for (const program of programs.values()) await program.close();
}
