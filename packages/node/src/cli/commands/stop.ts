/** `filon stop`: takes a model out of memory; its file stays. */
import type { CommandModule } from '../context.ts';

export const stop: CommandModule = {
  define: (command) => {
    command.argument('<model>', 'name, or beginning of the sha256');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const stopped = await cli.control.unload({ name }, { signal: cli.signal });
    cli.out.result(stopped, `${stopped.name} is out of memory.`);
  },
};
