/** `filon train resume`: goes on with a run that was stopped, that failed, or that waits for a yes. */
import type { CommandModule } from '../context.ts';
import { toItsEnd } from './train.ts';

export const trainResume: CommandModule = {
  define: (command) => {
    command
      .argument('<run>', 'as `filon train ls` lists it')
      .option('--yes', 'begin without asking, where it has no quote yet')
      .option('--detach', 'come back when it has begun');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const run = await cli.control.resumeRun({ run: name }, { signal: cli.signal });
    if (run.agreed && cli.options.flag('detach')) cli.out.result(run, `${name} goes on in the node.`);
    else await toItsEnd(cli, name);
  },
};
