/** Starts a node that outlives the command, and waits until it can be asked. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { FilonError, isFilonError } from '@filon/core/errors';
import { z } from 'zod';
import type { NodeStatus } from '../control/calls.ts';
import { takeHomeLock } from '../home/lock.ts';
import { type HomePaths, homeUnavailable } from '../home/paths.ts';
import type { Cli } from './context.ts';
import type { CliErrorDetails } from './errors.ts';
import { waitFor } from './wait-for.ts';

const START_TIMEOUT_MS = 60_000;
const JOINING: readonly string[] = ['--join', '--enrol'];

/** Codes: HOME_IN_USE, HOME_UNAVAILABLE, CLI_NODE_DIED, CLI_TIMEOUT, and whatever the node's start failed with. */
export async function startDetached(cli: Cli): Promise<NodeStatus> {
  // Whoever holds the home is named at once; the node itself takes the lock a moment later.
  await (await takeHomeLock(cli.paths, { purpose: 'up' }))[Symbol.asyncDispose]();
  const { program, argv, clock } = cli.surroundings;
  const log = openStartLog(cli.paths);
  const flags = ownFlags(argv);
  // The node works in its home, where a relative path would mean another folder.
  const own = ['--home', cli.paths.home, '--no-model', '--json'];
  const child = spawn(process.execPath, [...process.execArgv, program, ...flags, ...own], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: cli.paths.home,
  });
  closeSync(log);
  let exitCode: number | null | undefined;
  child.on('exit', (code) => {
    exitCode = code;
  });
  child.on('error', () => {
    exitCode = null;
  });
  const status = await waitFor(() => statusOrNull(cli, () => exitCode), {
    clock,
    signal: cli.signal,
    timeoutMs: START_TIMEOUT_MS,
    what: 'The node did not come up',
  }).catch((error: unknown) => {
    // Nobody was told of it, so nobody would end it.
    child.kill();
    throw error;
  });
  child.unref();
  return status;
}

/** What the command itself does is not the node's: it asks the node to join when that runs. */
function ownFlags(argv: readonly string[]): string[] {
  return argv.filter((word, at) => {
    const isWord = ['--detach', '--json', ...JOINING].includes(word);
    return (
      !isWord && !JOINING.includes(argv[at - 1] ?? '') && !JOINING.some((one) => word.startsWith(`${one}=`))
    );
  });
}

function openStartLog({ home, startLog }: HomePaths): number {
  try {
    return openSync(startLog, 'w', 0o600);
  } catch (error) {
    throw homeUnavailable(home, error);
  }
}

async function statusOrNull(cli: Cli, exitCode: () => number | null | undefined): Promise<NodeStatus | null> {
  const ended = exitCode();
  if (ended !== undefined) throw died(cli, ended);
  try {
    return await cli.control.status({}, { signal: cli.signal });
  } catch (error) {
    if (isFilonError(error, 'CONTROL_NO_NODE') || isFilonError(error, 'CONTROL_LOST')) return null;
    throw error;
  }
}

const failureLine = z.object({
  error: z.object({ message: z.string(), details: z.looseObject({ code: z.string() }) }),
});

/** What the node said last, which is JSON, is the error to show. */
function died(cli: Cli, exitCode: number | null): FilonError {
  const said = readFileSync(cli.paths.startLog, 'utf8').trim();
  try {
    return FilonError.fromObject(failureLine.parse(JSON.parse(said.split('\n').at(-1) ?? '')).error);
  } catch {
    return new FilonError<CliErrorDetails>(
      { code: 'CLI_NODE_DIED', exitCode },
      `The node ended while it started (exit code ${exitCode}). It said: ${said.slice(-2000) || 'nothing'}`,
    );
  }
}
