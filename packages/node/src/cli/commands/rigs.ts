/** `filon rigs`: the machines of this node's operator. They are watched from here, never commanded. */
import { formatBytes } from '@filon/core/units';
import type { RigProblem, RigView } from '../../control/swarm-calls.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { tableText } from '../format.ts';
import { momentText } from '../key-work.ts';
import { modelsText } from '../swarm-words.ts';

const WATCH_MS = 2000;
/** Clears a terminal, and goes to its first place. */
const CLEAR = '\u001b[2J\u001b[H';

export const rigs: CommandModule = {
  define: (command) => {
    command
      .option('--watch', 'show them again every 2 s, until Ctrl-C')
      .addHelpText(
        'after',
        examples(
          ['filon rigs', ''],
          ['filon rigs --watch', 'live; with --json a line each time'],
          ['filon rigs enrol', 'a word that makes another machine one of them'],
          ['filon rigs disown RIG', 'one that was stolen or sold'],
        ),
      );
  },
  run: async (cli) => {
    if (cli.options.flag('watch')) await watch(cli);
    else show(await list(cli), cli);
  },
};

const list = async (cli: Cli): Promise<RigView[]> => await cli.control.rigs({}, { signal: cli.signal });

async function watch(cli: Cli): Promise<void> {
  const { stdout, clock } = cli.surroundings;
  while (!cli.signal.aborted) {
    const rigs = await list(cli).catch((error: unknown) => {
      if (cli.signal.aborted) return null;
      throw error;
    });
    if (rigs === null) return;
    if (stdout.isTTY && !cli.out.json) stdout.write(CLEAR);
    show(rigs, cli);
    await clock.sleep(WATCH_MS, { signal: cli.signal }).catch(() => undefined);
  }
}

function show(rigs: readonly RigView[], { out }: Cli): void {
  out.result(rigs, rigsText(rigs));
}

export function rigsText(list: readonly RigView[]): string {
  if (list.length === 0)
    return 'This node is in no swarm, so it knows no other rigs. `filon swarm create NAME` makes one.';
  const rows = list.map((rig) => [
    rig.isSelf ? `${rig.name} (this node)` : rig.name,
    rig.state === 'gone' || rig.state === 'left' ? `${rig.state}, seen ${momentText(rig.seenMs)}` : rig.state,
    rig.roundTripMs === null ? '' : `${rig.roundTripMs.toFixed(1)} ms`,
    rig.version ?? '',
    cardsText(rig),
    modelsText(rig),
    rig.problems.map((problem) => PROBLEMS[problem]).join(', '),
  ]);
  const head = ['RIG', 'STATE', 'ROUND TRIP', 'VERSION', 'CARDS', 'MODELS (WORKING+WAITING)', 'PROBLEMS'];
  return tableText([head, ...rows]);
}

const PROBLEMS: Readonly<Record<RigProblem, string>> = {
  gone: 'not heard of any more',
  left: 'was stopped',
  unconnected: 'heard of through others alone',
  'no-devices': 'has no device',
  'no-model': 'has no model ready',
  busy: 'requests wait',
  version: 'another version',
  unreliable: 'most answers failed of late',
};

function cardsText({ cards }: RigView): string {
  const each = cards.map(({ name, count, memoryBytes }) => {
    const memory = memoryBytes === 0 ? '' : ` ${formatBytes(memoryBytes)}`;
    return `${count === 1 ? '' : `${count} x `}${name}${memory}`;
  });
  return each.join(', ');
}
