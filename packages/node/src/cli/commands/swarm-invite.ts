/** `filon swarm invite`: a word that lets one node in, once. */
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { momentText, spanMs } from '../key-work.ts';

export const swarmInvite: CommandModule = {
  define: (command) => {
    command
      .option('--expires <time>', 'how long it is good for: 45m, 12h, 30d', '1d')
      .option('--may-invite', 'whoever uses it may invite others')
      .addHelpText(
        'after',
        examples(
          ['filon swarm invite', ''],
          ['filon up --join INVITE', 'on the other machine, with what this printed'],
        ),
      );
  },
  run: async (cli) => {
    await printInvite(cli, { enrols: false, mayInvite: cli.options.flag('mayInvite') });
  },
};

/** On standard output the word alone, so that it can be piped. */
export async function printInvite(cli: Cli, kind: { enrols: boolean; mayInvite: boolean }): Promise<void> {
  const validMs = spanMs('--expires', cli.options.text('expires') ?? '1d');
  const made = await cli.control.invite({ ...kind, validMs }, { signal: cli.signal });
  cli.out.result(made, made.invite);
  const option = kind.enrols ? '--enrol' : '--join';
  cli.out.say(
    `It is for one node, once, until ${momentText(made.expiresMs)}. On the other machine: ./filon up ${option} INVITE`,
  );
  const isOwnOnly = made.addresses.every((address) => /\/(127\.[\d.]+|::1)\/tcp\//.test(address));
  if (isOwnOnly)
    cli.out.say(
      'Note: no member is known that other machines can connect to, so it works on this one alone. `filon config set swarmHost 0.0.0.0` lets this node be reached, after a restart.',
    );
}
