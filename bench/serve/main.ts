/**
 * `node bench/serve.ts`: how fast this node serves, next to llama-server on the same machine in the same minutes. Not a
 * test: it prints figures and what they are worth, and fails only when it could not measure.
 */
import { writeFile } from 'node:fs/promises';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { Bench, Case } from './bench.ts';
import { decodeCase } from './cases/decode.ts';
import { exactCase } from './cases/exact.ts';
import { firstTokenCase } from './cases/first-token.ts';
import { installCase } from './cases/install.ts';
import { memoryCase } from './cases/memory.ts';
import { overheadCase } from './cases/overhead.ts';
import { startCase } from './cases/start.ts';
import type { BenchErrorDetails } from './errors.ts';
import { type Machine, readMachine } from './machine.ts';
import { measure } from './measure.ts';
import { type CaseName, HELP, readOptions } from './options.ts';
import { prepare } from './prepare.ts';
import { takeProfiles } from './profile.ts';
import { ROOT } from './programs/filon-command.ts';
import { llamaServerVersion } from './programs/llama-server.ts';
import type { Report } from './report.ts';
import { tableOf } from './table.ts';

const CASES: Readonly<Record<CaseName, Case>> = {
  decode: decodeCase,
  'first-token': firstTokenCase,
  exact: exactCase,
  overhead: overheadCase,
  memory: memoryCase,
  start: startCase,
  install: installCase,
};
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
const SAME_SIGNAL_MS = 1000;

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const options = readOptions(argv);
  if (options === null) {
    process.stdout.write(HELP);
    return 0;
  }
  const startedAt = new Date();
  const machine = await readMachine(ROOT, signal);
  await using prepared = await prepare(options, { signal, say });
  const { bench } = prepared;
  if (options.profileDirectory !== null) await takeProfiles(bench, options.profileDirectory);
  const report = await reportOf(bench, { startedAt, machine });
  const json = `${JSON.stringify(report, null, 2)}\n`;
  process.stderr.write(`\n${tableOf(report)}`);
  if (options.json === null) process.stdout.write(json);
  else await writeFile(options.json, json);
  if (signal.aborted) return EXIT_INTERRUPTED;
  return report.problems.length === 0 ? 0 : 1;
}

async function reportOf(
  bench: Bench,
  { startedAt, machine }: { startedAt: Date; machine: Machine },
): Promise<Report> {
  const cases = bench.options.cases.map((name) => [name, CASES[name]] as const);
  const taken = await measure(bench, cases);
  return {
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    options: bench.options,
    machine,
    programs: await programsOf(bench),
    ...taken,
  };
}

async function programsOf(bench: Bench): Promise<Record<string, string>> {
  const { options, signal, model, device } = bench;
  const needsServer = options.cases.some((name) => !['exact', 'overhead', 'install'].includes(name));
  // Whatever keeps it from being asked, what was measured is to be reported.
  const version = async (): Promise<string> => llamaServerVersion(await bench.llamaServer(), signal);
  const server = needsServer
    ? await version().catch((error) => `not known: ${messageOf(error)}`)
    : 'not used';
  return {
    model: `${model.name}, ${model.bytes} bytes, sha256 ${model.sha256}`,
    'llama-server': server,
    node: `device ${device}, ${options.threads} threads`,
  };
}

/** The first signal ends everything in order, one that comes later ends it at once: `timeout` sends two together. */
function untilInterrupted(): AbortSignal {
  const asked = new AbortController();
  let firstMs = Number.POSITIVE_INFINITY;
  const stop = (): void => {
    if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
    if (asked.signal.aborted) return;
    firstMs = performance.now();
    asked.abort(new FilonError<BenchErrorDetails>({ code: 'BENCH_INTERRUPTED' }, 'Stopped.'));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, stop);
  return asked.signal;
}

const interrupted = untilInterrupted();
try {
  process.exitCode = await main(process.argv.slice(2), interrupted);
} catch (error) {
  if (!interrupted.aborted && !isFilonError(error)) throw error;
  say(messageOf(error));
  if (interrupted.aborted) process.exitCode = EXIT_INTERRUPTED;
  else process.exitCode = isFilonError(error, 'BENCH_OPTION_INVALID') ? EXIT_USAGE : 1;
}
