/** `filon down`: asks the node to stop, and waits until it has. */
import { isFilonError } from '@filon/core/errors';
import { takeHomeLock } from '../../home/lock.ts';
import type { Cli, CommandModule } from '../context.ts';
import { waitFor } from '../wait-for.ts';

/** Beyond the grace that answers have: closing files, ending workers. */
const CLOSE_TIMEOUT_MS = 15_000;

export const down: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const pid = await stopNode(cli);
    cli.out.result({ stopped: pid }, 'The node has stopped.');
  },
};

/** Resolves to the pid that it had. Codes: CONTROL_NO_NODE, CLI_TIMEOUT. */
export async function stopNode(cli: Cli): Promise<number> {
  const { pid, graceSeconds } = await cli.control.shutdown({}, { signal: cli.signal });
  cli.out.say(`Stopping process ${pid} ...`);
  await waitFor(() => lockIsFree(cli), {
    clock: cli.surroundings.clock,
    signal: cli.signal,
    timeoutMs: graceSeconds * 1000 + CLOSE_TIMEOUT_MS,
    what: `Process ${pid} did not end`,
  });
  return pid;
}

async function lockIsFree(cli: Cli): Promise<true | null> {
  try {
    await (await takeHomeLock(cli.paths, { purpose: 'down' }))[Symbol.asyncDispose]();
    return true;
  } catch (error) {
    if (isFilonError(error, 'HOME_IN_USE')) return null;
    throw error;
  }
}
