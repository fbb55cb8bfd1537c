/** `filon trust rm`: an operator is trusted no more; answers that began may end. */
import type { CommandModule } from '../context.ts';
import { withTrust } from '../trust-work.ts';

export const trustRm: CommandModule = {
  define: (command) => {
    command.argument('<operator>', 'name or key, as `filon trust ls` shows them');
  },
  run: async (cli) => {
    const [operator = ''] = cli.args;
    const removed = await withTrust(cli, (calls) => calls.distrust({ operator }, { signal: cli.signal }));
    cli.out.result(removed, `The operator ${removed.name} is not trusted any more.`);
  },
};
