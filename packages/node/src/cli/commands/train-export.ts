/** `filon train export`: the newest checkpoint of a run as a GGUF file, which any llama.cpp program reads. */
import { resolve } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { CommandModule } from '../context.ts';
import type { CliErrorDetails } from '../errors.ts';
import { examples } from '../examples.ts';

const TYPES = ['f16', 'bf16', 'f32'] as const;

export const trainExport: CommandModule = {
  define: (command) => {
    command
      .argument('<run>', 'as `filon train ls` lists it')
      .argument('[file]', 'where to; else RUN.gguf in this folder')
      .option('--type <type>', `of a whole model’s matrices: ${TYPES.join(', ')}; adapters are f32`, 'f16')
      .addHelpText('after', examples(['filon train export tiny-scratch-1 tiny.gguf', '']));
  },
  run: async (cli) => {
    const [run = '', file = `${run}.gguf`] = cli.args;
    const typed = cli.options.text('type') ?? 'f16';
    const type = TYPES.find((known) => known === typed);
    if (type === undefined)
      throw new FilonError<CliErrorDetails>(
        { code: 'CLI_OPTION_INVALID', option: '--type', value: typed, allowed: TYPES.join(', ') },
        `--type cannot be ${JSON.stringify(typed)}. Allowed: ${TYPES.join(', ')}.`,
      );
    const written = await cli.control.exportRun({ run, path: resolve(file), type }, { signal: cli.signal });
    cli.out.result(written, `${run} is in ${written.path}.`);
  },
};
