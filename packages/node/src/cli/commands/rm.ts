/** `filon rm`: removes a model from the disk. */

import { formatBytes } from '@filon/core/units';
import { ensureHome } from '../../home/paths.ts';
import type { CommandModule } from '../context.ts';
import { withModels } from '../model-work.ts';

export const rm: CommandModule = {
  define: (command) => {
    command.argument('<model>', 'name, or beginning of the sha256');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    ensureHome(cli.paths);
    const removed = await withModels(cli, 'rm', (calls) => calls.remove({ name }, { signal: cli.signal }));
    cli.out.result(removed, `Removed ${removed.name}: ${formatBytes(removed.bytes)} are free again.`);
  },
};
