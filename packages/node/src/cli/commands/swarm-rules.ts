/** `filon swarm rules`: who may invite, and whether everybody is let in; changed on the node that made the swarm. */
import type { Inviters } from '@filon/core/swarm/charter';
import type { RulesView } from '../../control/swarm-calls.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { INVITERS, invitersFrom } from '../swarm-words.ts';
import { wrongOption } from '../wrong-option.ts';

export const swarmRules: CommandModule = {
  define: (command) => {
    command
      .option('--inviters <who>', `who may invite: ${INVITERS.join(', ')}`)
      .option('--open', 'let in everybody who has an invite, as often as they like')
      .option('--closed', 'let in one node by each invite')
      .addHelpText(
        'after',
        examples(
          ['filon swarm rules', 'what holds'],
          ['filon swarm rules --inviters root', 'only the node that made the swarm lets others in'],
        ),
      );
  },
  run: async (cli) => {
    const asked = { open: openFrom(cli), inviters: invitersFrom(cli.options) };
    const view = await cli.control.swarmRules(asked, { signal: cli.signal });
    cli.out.result(view, rulesText(view));
    if (asked.open === null && asked.inviters === null) return;
    cli.out.say(
      'Members that are connected hear of it now, others when they come back. Whoever was let in stays: `filon swarm revoke` ends a membership.',
    );
  },
};

function openFrom({ options }: Cli): boolean | null {
  const [open, closed] = [options.flag('open'), options.flag('closed')];
  if (open && closed) throw wrongOption('--closed', 'together with --open', 'one of the two');
  return open ? true : closed ? false : null;
}

const WHO: Readonly<Record<Inviters, string>> = {
  root: 'only the node that made the swarm',
  chosen: 'the node that made the swarm, and members whose invite said so',
  members: 'all members',
};

function rulesText({ swarm, open, inviters, version, holdsRoot }: RulesView): string {
  return [
    `Swarm       ${swarm}`,
    `Invites     ${inviters}: ${WHO[inviters]}`,
    `Lets in     ${open ? 'everybody who has an invite, as often as they like' : 'one node by each invite'}`,
    `Charter     version ${version}; ${holdsRoot ? 'this node can change it' : 'only the node that made the swarm can change it'}`,
  ].join('\n');
}
