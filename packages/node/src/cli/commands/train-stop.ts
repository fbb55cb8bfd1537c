/** `filon train stop`: the step in work ends, a checkpoint is written, the device is free. */
import type { CommandModule } from '../context.ts';
import { outcomeText } from '../train-work.ts';

export const trainStop: CommandModule = {
  define: (command) => {
    command.argument('<run>', 'as `filon train ls` lists it');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const run = await cli.control.stopRun({ run: name }, { signal: cli.signal });
    cli.out.result(run, outcomeText(run));
  },
};
