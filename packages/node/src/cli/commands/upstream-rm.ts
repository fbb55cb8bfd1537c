/** `filon upstream rm`: an endpoint is a worker no more; answers that it has in work may end. */
import type { CommandModule } from '../context.ts';

export const upstreamRm: CommandModule = {
  define: (command) => {
    command.argument('<name>', 'name or id, as `filon upstream ls` shows it');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const removed = await cli.control.removeUpstream({ name }, { signal: cli.signal });
    cli.out.result(
      removed,
      `The upstream ${removed.name} at ${removed.url} is no more, nor is its key here.`,
    );
  },
};
