/** `filon rigs disown`: a rig that was stolen or sold is this operator's no more, anywhere. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';

export const rigsDisown: CommandModule = {
  define: (command) => {
    command
      .argument('<rig>', 'its name or key, as `filon rigs` shows them')
      .addHelpText(
        'after',
        examples(
          ['filon rigs disown lusab-babad', 'on the node with the key of its operator'],
          ['filon rigs enrol', 'to have it back later'],
        ),
      );
  },
  run: async (cli) => {
    const [node = ''] = cli.args;
    const disowned = await cli.control.disown({ node }, { signal: cli.signal });
    cli.out.result(
      disowned,
      `${disowned.name} is yours no more, and no member by your word. Members that are connected hear of it now, others when they meet one of them.`,
    );
    cli.out.say(
      'If it might have let others into the swarm, have it revoked as well: `filon swarm revoke` on the node that made the swarm.',
    );
  },
};
