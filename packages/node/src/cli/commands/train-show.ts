/** `filon train show`: everything about one run. */
import type { Metric, RunView } from '@filon/core/training/run';
import { formatBytes } from '@filon/core/units';
import type { CommandModule } from '../context.ts';
import { countText, rateText } from '../format.ts';
import { evaluationText, quoteText } from '../train-work.ts';

const STEPS_SHOWN = 8;

export const trainShow: CommandModule = {
  define: (command) => {
    command.argument('<run>', 'as `filon train ls` lists it');
  },
  run: async (cli) => {
    const [name = ''] = cli.args;
    const shown = await cli.control.run({ run: name }, { signal: cli.signal });
    cli.out.result(shown, runText(shown.run, shown.metrics));
  },
};

function runText(run: RunView, metrics: readonly Metric[]): string {
  const { recipe, facts, base, progress, error, result } = run;
  const rows: [string, string][] = [
    ['Run', `${run.id}, ${run.state}`],
    ['Recipe', `${recipe.name}, ${run.recipeSha256.slice(0, 12)}`],
    [
      'Step',
      `${progress.step} of ${run.steps ?? '?'}, last checkpoint at ${progress.checkpointStep ?? 'none'}`,
    ],
  ];
  if (base !== null) rows.push(['Base', `${base.name}, ${base.sha256.slice(0, 12)}`]);
  if (run.manifest !== null) rows.push(['Data', run.manifest.slice(0, 12)]);
  if (facts !== null) {
    rows.push(
      [
        'Parameters',
        `${countText(facts.parameters)}, of which ${countText(facts.trainedParameters)} are trained`,
      ],
      ['Memory', formatBytes(facts.stateBytes + facts.stepBytes)],
      ['Numbers', facts.numericClass],
    );
  }
  if (progress.tokensPerSecond !== null)
    rows.push(['Speed', `${rateText(progress.tokensPerSecond)} tokens/s`]);
  if (run.quote !== null) rows.push(['Quote', quoteText(run, run.quote)]);
  if (result !== null) rows.push(['Model', result.name]);
  if (error !== null) rows.push(['Error', `${error.message} [${error.details.code}]`]);
  const text = rows.map(([label, value]) => `${label.padEnd(11)} ${value}`).join('\n');
  const numbers = run.before === null ? '' : `\n\n${evaluationText(run.before, run.after)}`;
  return `${text}${numbers}${lossesText(metrics)}`;
}

/** A few of the steps, evenly spread, the last among them. */
function lossesText(metrics: readonly Metric[]): string {
  const steps = metrics.filter((metric) => metric.kind === 'step');
  const stride = Math.max(1, Math.ceil(steps.length / STEPS_SHOWN));
  const shown = steps.filter((_, at) => (steps.length - 1 - at) % stride === 0);
  if (shown.length === 0) return '';
  return `\n\n${shown.map(({ step, loss }) => `step ${String(step).padStart(8)}  loss ${loss.toFixed(3)}`).join('\n')}`;
}
