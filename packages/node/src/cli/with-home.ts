/** What commands do with the node of a home, or straight on the home when none runs there. */
import { isFilonError } from '@filon/core/errors';
import type { Control } from '../control/calls.ts';
import { ensureHome } from '../home/paths.ts';
import type { Cli } from './context.ts';
import { waitFor } from './wait-for.ts';

/** For a node that is just starting or ending, or another command that is at work. */
const IN_USE_WAIT_MS = 15_000;

/**
 * `open` takes the home's lock, so that two never write at once: whoever comes second waits for a moment, and asks the
 * node if one has started meanwhile. Codes: HOME_IN_USE when that lasts, those of both.
 */
export async function withHome<C, R>(
  cli: Cli,
  open: () => Promise<C & AsyncDisposable>,
  work: (calls: C | Control) => Promise<R>,
): Promise<R> {
  ensureHome(cli.paths);
  let inUse: unknown = null;
  const attempt = async (): Promise<(C & AsyncDisposable) | Control | null> => {
    try {
      await cli.control.status({}, { signal: cli.signal });
      return cli.control;
    } catch (error) {
      if (!isFilonError(error, 'CONTROL_NO_NODE')) throw error;
    }
    try {
      return await open();
    } catch (error) {
      if (!isFilonError(error, 'HOME_IN_USE')) throw error;
      inUse = error;
      return null;
    }
  };
  const { clock } = cli.surroundings;
  const waiting = { clock, signal: cli.signal, timeoutMs: IN_USE_WAIT_MS, what: 'The home was not free' };
  const calls = await waitFor(attempt, waiting).catch((error: unknown) => {
    throw isFilonError(error, 'CLI_TIMEOUT') ? inUse : error;
  });
  if (calls === cli.control) return await work(cli.control);
  await using own = calls as C & AsyncDisposable;
  return await work(own);
}
