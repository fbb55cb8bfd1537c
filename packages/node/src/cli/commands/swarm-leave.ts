/** `filon swarm leave`: this node is a member no more, and its network is closed. */
import type { CommandModule } from '../context.ts';

export const swarmLeave: CommandModule = {
  define: () => {},
  run: async (cli) => {
    const left = await cli.control.leaveSwarm({}, { signal: cli.signal });
    cli.out.result(left, `This node has left the swarm ${left.swarm}.`);
  },
};
