/**
 * `node fuzz/run.ts [--seconds N] [--seed N] [--target NAME]`: every decoder of foreign bytes gets bad inputs for N
 * seconds in all (60 by default). A line a decoder; exit status 1 where one did what none may, with the input.
 */
import { parseArgs } from 'node:util';
import { type FuzzLimits, fuzzTarget } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    target: { type: 'string' },
  },
});
const chosen = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
const seed = Number(values.seed);
if (chosen.length === 0 || !(Number(values.seconds) > 0) || !Number.isInteger(seed)) {
  process.stderr.write(
    `Targets: ${TARGETS.map(({ name }) => name).join(', ')}. Seconds and seed are numbers.\n`,
  );
  process.exit(2);
}
process.stdout.write(`seed ${seed}\n`);
const durationMs = (Number(values.seconds) * 1000) / chosen.length;
const limits: FuzzLimits = { inputs: Number.POSITIVE_INFINITY, durationMs };
for (const target of chosen) {
  const { fault, ...counts } = await fuzzTarget(target, limits, seed);
  process.stdout.write(`${JSON.stringify(counts)}\n`);
  if (fault === null) continue;
  process.stderr.write(`${target.name}: ${fault.why}. Input: ${fault.input}\n`);
  process.exitCode = 1;
}
