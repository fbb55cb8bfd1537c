/** `filon swarm readmit`: undoes a revocation, from the node that made the swarm. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const swarmReadmit: CommandModule = {
  define: (command) => {
    command
      .argument('<node>', 'its name or key, as `filon swarm ls` shows them')
      .addHelpText(
        'after',
        examples(
          ['filon swarm readmit lusab-babad', ''],
          ['filon swarm invite', 'then: what that node joins with again'],
        ),
      );
  },
  run: async (cli) => {
    const [node = ''] = cli.args;
    const readmitted = await cli.control.readmit({ node }, { signal: cli.signal });
    cli.out.result(readmitted, `${readmitted.name} is not revoked any more.`);
    cli.out.say(
      'It has stopped calling the others: let it join again with a new invite. Whoever it had let in is let in again as well.',
    );
  },
};
