/** `filon pull`: fetches a model, with or without a running node. */

import { formatBytes } from '@filon/core/units';
import { ensureHome } from '../../home/paths.ts';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { pullShown, withModels } from '../model-work.ts';

export const pull: CommandModule = {
  define: (command) => {
    command
      .argument('<model>', 'a name of the catalogue, or a source: hf:, pip:, https:, file:')
      .option(
        '--repin',
        'take a file that its publisher changed since the first pull, and expect that one from now on',
      )
      .addHelpText(
        'after',
        examples(
          ['filon pull smollm2-135m', 'by name'],
          ['filon pull hf:owner/repo/file.gguf', 'a file of the Hugging Face hub'],
          ['filon pull file:/models/mine.gguf', 'a file of this machine'],
        ),
      );
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const repin = cli.options.flag('repin');
    ensureHome(cli.paths);
    const stored = await withModels(cli, 'pull', (calls) => pullShown(cli, calls, { name, repin }));
    const text = `${stored.name}: ${formatBytes(stored.bytes)}, ${stored.architecture} ${stored.quantization}, licence ${stored.licence ?? 'unknown'}.`;
    cli.out.result(stored, text);
  },
};
