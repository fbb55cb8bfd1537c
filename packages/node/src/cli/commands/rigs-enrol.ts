/** `filon rigs enrol`: a word that makes another machine a rig of this node's operator. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { printInvite } from './swarm-invite.ts';

export const rigsEnrol: CommandModule = {
  define: (command) => {
    command
      .option('--expires <time>', 'how long it is good for: 45m, 12h, 30d', '1d')
      .addHelpText(
        'after',
        examples(
          ['filon rigs enrol', ''],
          ['filon up --enrol WORD', 'on the other machine, with what this printed'],
        ),
      );
  },
  run: async (cli) => {
    await printInvite(cli, { enrols: true, mayInvite: false });
  },
};
