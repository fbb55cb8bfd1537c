/** `filon swarm uninvite`: an invite is of no use any more, wherever it is tried. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const swarmUninvite: CommandModule = {
  define: (command) => {
    command
      .argument('<invite>', 'its name, as `filon swarm invites` shows it, or the invite itself')
      .addHelpText(
        'after',
        examples(
          ['filon swarm invites', 'which there are'],
          ['filon swarm uninvite lusab-babad', 'on the node that made it'],
        ),
      );
  },
  run: async (cli) => {
    const [invite = ''] = cli.args;
    const taken = await cli.control.takeBackInvite({ invite }, { signal: cli.signal });
    cli.out.result(taken, `The invite ${taken.name} lets nobody in any more.`);
    if (taken.usedBy !== null)
      cli.out.say(
        `Note: ${taken.usedBy.name} used it before and stays a member. \`filon swarm revoke ${taken.usedBy.name}\` ends that.`,
      );
  },
};
