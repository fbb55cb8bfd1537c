/** `filon eval`: how good a run or a model is at what a recipe holds out. */
import type { CallProgress } from '../../control/calls.ts';
import type { CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { evaluationText } from '../train-work.ts';
import { recipePath } from './train.ts';

export const evaluate: CommandModule = {
  define: (command) => {
    command
      .argument('<what>', 'a run, or a model that is here')
      .argument('[recipe]', 'whose data it is looked at on; a run has its own')
      .option('--device <id>', 'one that `filon doctor` lists; else the first')
      .addHelpText(
        'after',
        examples(
          ['filon eval tiny-scratch-1', 'a run, on its own held-out data'],
          ['filon eval smollm2-135m medical', 'a model, on that of a recipe'],
        ),
      );
  },
  run: async (cli) => {
    const [what = '', recipe] = cli.args;
    const line = cli.out.progress();
    const onProgress = (progress: CallProgress): void => {
      if (progress.kind !== 'doing') return;
      line.update({ label: what, done: 0, total: null, unit: 'share', detail: progress.text });
    };
    const order = {
      what,
      recipe: recipe === undefined ? null : recipePath(recipe),
      device: cli.options.text('device') ?? null,
    };
    try {
      const found = await cli.control.evaluate(order, { signal: cli.signal, onProgress });
      line.end();
      cli.out.result(found, evaluationText(null, found));
    } finally {
      line.end();
    }
  },
};
