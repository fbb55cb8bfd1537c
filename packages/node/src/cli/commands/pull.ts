/** `filon pull`: fetches a model, with or without a running node. */

import { formatBytes } from '@filon/core/units';
import type { PullInput } from '../../control/calls.ts';
import { ensureHome } from '../../home/paths.ts';
import type { StoredModel } from '../../ports/models.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { pullShown, withModels } from '../model-work.ts';
import { wrongOption } from '../wrong-option.ts';

export const pull: CommandModule = {
  define: (command) => {
    command
      .argument('<model>', 'a name of the catalogue, or a source: hf:, pip:, https:, file:')
      .option(
        '--repin',
        'take a file that its publisher changed since the first pull, and expect that one from now on',
      )
      .option('--base <model>', 'the source is a LoRA (GGUF), to be added to this model')
      .option('--as <name>', 'what the LoRA is called, after its base and a colon; else as its file is')
      .addHelpText(
        'after',
        examples(
          ['filon pull smollm2-135m', 'by name'],
          ['filon pull hf:owner/repo/file.gguf', 'a file of the Hugging Face hub'],
          ['filon pull file:/models/mine.gguf', 'a file of this machine'],
          [
            'filon pull file:/loras/poet.gguf --base smollm2-135m --as poet',
            'a LoRA on a model that is here; ask for smollm2-135m:poet',
          ],
        ),
      );
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const repin = cli.options.flag('repin');
    const input = { name, repin, ...loraInput(cli) };
    ensureHome(cli.paths);
    const stored = await withModels(cli, 'pull', (calls) => pullShown(cli, calls, input));
    cli.out.result(stored, storedText(stored));
  },
};

function loraInput({ options }: Cli): Pick<PullInput, 'lora'> {
  const base = options.text('base');
  const name = options.text('as');
  if (base !== undefined) return { lora: { base, name: name ?? null } };
  if (name === undefined) return {};
  throw wrongOption('--as', name, 'with --base MODEL only, the model that the LoRA is for');
}

function storedText(stored: StoredModel): string {
  const { name, bytes, architecture, quantization, licence, lora } = stored;
  const kind = lora === undefined ? `${architecture} ${quantization}` : `LoRA of rank ${lora.rank}`;
  return `${name}: ${formatBytes(bytes)}, ${kind}, licence ${licence ?? 'unknown'}.`;
}
