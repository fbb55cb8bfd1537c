/** `filon trust add`: an operator whose machines may compute what is asked in the tier `trusted`. */
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { withTrust } from '../trust-work.ts';

export const trustAdd: CommandModule = {
  define: (command) => {
    command
      .argument('<operator>', "an operator's key, or a node of theirs as `filon peers` names it")
      .option('--name <name>', 'what you call them')
      .addHelpText('after', examples(['filon trust add lusab-babad --name anna', '']));
  },
  run: async (cli) => {
    const [operator = ''] = cli.args;
    const name = cli.options.text('name') ?? null;
    const added = await withTrust(cli, (calls) => calls.trust({ operator, name }, { signal: cli.signal }));
    cli.out.result(
      added,
      `The operator ${added.name} is trusted: what is asked in the tier trusted may be read on their machines.`,
    );
  },
};
