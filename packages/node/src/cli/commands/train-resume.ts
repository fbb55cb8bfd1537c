/** `filon train resume`: goes on with a run that was stopped, that failed, or that waits for a yes. */
import type { CommandModule } from '../context.ts';
import { followRun } from '../train-work.ts';
import { over } from './train.ts';

export const trainResume: CommandModule = {
  define: (command) => {
    command
      .argument('<run>', 'as `filon train ls` lists it')
      .option('--detach', 'come back when it has begun');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const run = await cli.control.resumeRun({ run: name }, { signal: cli.signal });
    if (cli.options.flag('detach')) cli.out.result(run, `${name} goes on in the node.`);
    else over(cli, await followRun(cli, name));
  },
};
