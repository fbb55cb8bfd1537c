/** `filon swarm join`: makes the node that runs a member. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { reachText } from '../swarm-words.ts';

export const swarmJoin: CommandModule = {
  define: (command) => {
    command
      .argument('<invite>', 'what `filon swarm invite` printed on a member')
      .addHelpText(
        'after',
        examples(
          ['filon swarm join filoninvite1...', 'with a node that runs'],
          ['filon up --join filoninvite1...', 'starts one'],
        ),
      );
  },
  run: async (cli) => {
    const [invite = ''] = cli.args;
    const view = await cli.control.joinSwarm({ invite, enrols: false }, { signal: cli.signal });
    cli.out.result(view, `This node is a member of the swarm ${view.swarm.name}: ${reachText(view)}.`);
    cli.out.say('`filon peers` shows who else is there, and `filon ls` what can be asked.');
  },
};
