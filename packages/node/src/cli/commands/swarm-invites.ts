/** `filon swarm invites`: those that this node made and that have not expired. */
import type { MadeInvite } from '../../control/swarm-calls.ts';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';
import { momentText } from '../key-work.ts';

export const swarmInvites: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const list = await cli.control.invites({}, { signal: cli.signal });
    cli.out.result(list, invitesText(list));
  },
};

function invitesText(list: readonly MadeInvite[]): string {
  if (list.length === 0)
    return 'This node made no invite that is still good. `filon swarm invite` makes one.';
  const rows = list.map(({ name, createdMs, expiresMs, mayInvite, enrols, usedBy }) => [
    ...[name, usedBy === null ? 'not used' : `used by ${usedBy.name}`, momentText(createdMs)],
    ...[momentText(expiresMs), enrols ? 'becomes your rig' : mayInvite ? 'may invite' : 'member'],
  ]);
  return tableText([['INVITE', 'STATE', 'MADE', 'GOOD UNTIL', 'WHO USES IT'], ...rows]);
}
