/** What the commands about trust share. */
import type { TrustControl } from '../control/calls.ts';
import type { Cli } from './context.ts';
import { withHome } from './with-home.ts';

/** With the node of this home, which knows of it at once, or straight on the home when none runs. */
export async function withTrust<R>(cli: Cli, work: (calls: TrustControl) => Promise<R>): Promise<R> {
  const open = () => cli.surroundings.makers.openTrustCalls({ paths: cli.paths, purpose: 'trust' });
  return await withHome(cli, open, work);
}
