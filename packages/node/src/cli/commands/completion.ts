/** `filon completion`: a script that lets the shell complete commands and options. */
import { FilonError } from '@filon/core/errors';
import { completionScript, SHELLS } from '../completion-script.ts';
import type { CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';

export const completion: CommandModule = {
  define: (command) => {
    command
      .argument('<shell>', SHELLS.join(', '))
      .addHelpText(
        'after',
        examples(
          ['eval "$(filon completion bash)"', 'in ~/.bashrc'],
          ['eval "$(filon completion zsh)"', 'in ~/.zshrc, after compinit'],
          ['filon completion fish > ~/.config/fish/completions/filon.fish', ''],
        ),
      );
  },
  run: async (cli) => {
    const [typed = ''] = cli.args;
    const shell = SHELLS.find((known) => known === typed);
    if (shell === undefined) {
      throw new FilonError<CliErrorDetails>(
        { code: 'CLI_SHELL_UNKNOWN', shell: typed },
        `There is no completion for ${typed}; there is for ${SHELLS.join(', ')}.`,
      );
    }
    const script = completionScript(shell, await cli.tree());
    cli.out.result({ shell, script }, script);
  },
};
