/** `filon rigs`: the machines of this node's operator. They are watched from here, never commanded. */
import type { RigView } from '../../control/swarm-calls.ts';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { tableText } from '../format.ts';
import { momentText } from '../key-work.ts';
import { modelsText } from '../swarm-words.ts';

export const rigs: CommandModule = {
  define: (command) => {
    command.addHelpText(
      'after',
      examples(['filon rigs', ''], ['filon rigs enrol', 'a word that makes another machine one of them']),
    );
  },
  run: async (cli) => {
    const list = await cli.control.rigs({}, { signal: cli.signal });
    cli.out.result(list, rigsText(list));
  },
};

function rigsText(list: readonly RigView[]): string {
  if (list.length === 0)
    return 'This node is in no swarm, so it knows no other rigs. `filon swarm create NAME` makes one.';
  const rows = list.map((rig) => [
    rig.isSelf ? `${rig.name} (this node)` : rig.name,
    rig.state === 'gone' ? `gone since ${momentText(rig.seenMs)}` : rig.state,
    rig.roundTripMs === null ? '' : `${rig.roundTripMs.toFixed(1)} ms`,
    rig.version ?? '',
    rig.devices.join(', '),
    modelsText(rig),
  ]);
  return tableText([
    ['RIG', 'STATE', 'ROUND TRIP', 'VERSION', 'DEVICES', 'MODELS (WORKING+WAITING)'],
    ...rows,
  ]);
}
