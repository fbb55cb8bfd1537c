/** `filon swarm ls`: the members that are known here. */
import { keyName } from '@filon/core/swarm/key-name';
import type { MemberList } from '../../control/swarm-calls.ts';
import type { CommandModule } from '../context.ts';
import { tableText } from '../format.ts';
import { momentText } from '../key-work.ts';

export const swarmLs: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const list = await cli.control.members({}, { signal: cli.signal });
    cli.out.result(list, listText(list));
  },
};

function listText({ swarm, members, revoked, invites }: MemberList): string {
  const rows = members.map(({ name, node, isSelf, connection, mayInvite, expiresMs }) => [
    isSelf ? `${name} (this node)` : name,
    isSelf ? '' : connection === null ? 'not connected' : connection.reach,
    mayInvite ? 'may invite' : '',
    momentText(expiresMs),
    node,
  ]);
  const table = tableText([[`MEMBER OF ${swarm}`, 'CONNECTION', '', 'CERTIFIED UNTIL', 'KEY'], ...rows]);
  const out = revoked.map(({ name, atMs }) => `Revoked: ${name}, ${momentText(atMs)}`);
  const open = invites.map(
    ({ id, expiresMs }) => `Invite not used yet: ${keyName(id)}, until ${momentText(expiresMs)}`,
  );
  return [table, ...out, ...open].join('\n');
}
