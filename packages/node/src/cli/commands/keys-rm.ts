/** `filon keys rm`: ends a key at once; answers that it has in work may end. */
import type { CommandModule } from '../context.ts';
import { withKeys } from '../key-work.ts';

export const keysRm: CommandModule = {
  define: (command) => {
    command.argument('<name>', 'name or id, as `filon keys ls --json` shows it');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const removed = await withKeys(cli, 'keys', (calls) => calls.removeKey({ name }, { signal: cli.signal }));
    cli.out.result(removed, `The key ${removed.name} is no more.`);
  },
};
