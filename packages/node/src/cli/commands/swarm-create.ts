/** `filon swarm create`: a new swarm, whose root key stays in this home. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { INVITERS, invitersFrom } from '../swarm-words.ts';

export const swarmCreate: CommandModule = {
  define: (command) => {
    command
      .argument('<name>', 'what you will call it')
      .option('--open', 'let in everybody who has an invite, as often as they like')
      .option(
        '--inviters <who>',
        `who may invite: ${INVITERS.join(', ')} (else the setting swarmInviters says)`,
      )
      .addHelpText(
        'after',
        examples(
          ['filon swarm create garage', ''],
          ['filon swarm invite', 'then: a word that lets another node in'],
        ),
      );
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const inviters = invitersFrom(cli.options);
    const asked = { name, open: cli.options.flag('open'), inviters };
    const view = await cli.control.createSwarm(asked, { signal: cli.signal });
    cli.out.result(view, `The swarm ${view.swarm.name} is made, and this node is its first member.`);
    cli.out.say(
      `Its root key lies in ${cli.paths.swarmKeys}: keep a copy of that folder where you keep passwords. \`filon swarm invite\` lets others in.`,
    );
  },
};
