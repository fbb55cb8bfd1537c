/** `filon test`: its help. The launcher runs the tests themselves, with the development packages. */
import { FilonError } from '@filon/core/errors';
import type { CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';

export const test: CommandModule = {
  define: (command) => {
    command
      .argument('[files...]', 'tests to run; all of them, and the checks before them, without')
      .addHelpText(
        'after',
        examples(
          ['filon test', 'types, lint, unused code, then every test'],
          ['filon test test/greedy.test.ts', 'one file of tests'],
        ),
      );
  },
  run: async () => {
    throw new FilonError<CliErrorDetails>(
      { code: 'CLI_USAGE' },
      'The launcher of a clone runs the tests: `./filon test`, with nothing before `test`.',
    );
  },
};
