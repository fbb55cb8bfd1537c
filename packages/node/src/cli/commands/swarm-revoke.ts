/** `filon swarm revoke`: ends a node's membership, from the node that made the swarm. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const swarmRevoke: CommandModule = {
  define: (command) => {
    command
      .argument('<node>', 'its name or key, as `filon swarm ls` shows them')
      .addHelpText('after', examples(['filon swarm revoke lusab-babad', '']));
  },
  run: async (cli) => {
    const [node = ''] = cli.args;
    const revoked = await cli.control.revoke({ node }, { signal: cli.signal });
    cli.out.result(
      revoked,
      `${revoked.name} is no member any more. Members that are connected hear of it now.`,
    );
  },
};
