/** What the commands about runs have in common: following one, and its numbers in words. */
import { createInterface } from 'node:readline/promises';
import { FilonError } from '@filon/core/errors';
import type { Quote } from '@filon/core/training/quote';
import type { Evaluation, RunView, SplitLoss } from '@filon/core/training/run';
import { formatBytes } from '@filon/core/units';
import type { CallProgress } from '../control/calls.ts';
import type { RunSign } from '../control/train-calls.ts';
import type { Cli } from './context.ts';
import type { CliErrorDetails } from './errors.ts';
import { countText, durationText, rateText, tableText } from './format.ts';

/** Until it is at rest. Leaving does not stop it: the node trains. */
export async function followRun(cli: Cli, run: string): Promise<RunView> {
  const line = cli.out.progress();
  const onProgress = (progress: CallProgress): void => {
    if (progress.kind !== 'run') return;
    if (cli.out.json) cli.out.event('run', signFields(progress.run), '');
    else line.update(stepOf(progress.run));
  };
  try {
    return await cli.control.watchRun({ run }, { signal: cli.signal, onProgress });
  } catch (error) {
    line.end();
    if (cli.signal.aborted)
      cli.out.say(
        `${run} goes on in the node. \`filon train stop ${run}\` stops it, \`filon train show ${run}\` says how it is.`,
      );
    throw error;
  } finally {
    line.end();
  }
}

function signFields({ id, state, steps, progress }: RunSign): Record<string, unknown> {
  return { run: id, state, steps, ...progress };
}

function stepOf({
  id,
  state,
  steps,
  progress,
}: RunSign): Parameters<ReturnType<Cli['out']['progress']>['update']>[0] {
  const isTraining = state === 'training' && steps !== null;
  const loss = progress.loss === null ? [] : [`loss ${progress.loss.toFixed(3)}`];
  const validation =
    progress.validationLoss === null ? [] : [`validation ${progress.validationLoss.toFixed(3)}`];
  const speed = progress.tokensPerSecond === null ? [] : [`${rateText(progress.tokensPerSecond)} tokens/s`];
  const detail = isTraining
    ? [`step ${progress.step} of ${steps}`, ...loss, ...validation, ...speed].join(', ')
    : progress.text;
  return {
    label: `${id}: ${state}`,
    ...{ done: isTraining ? progress.step : 0, total: isTraining ? steps : null, unit: 'share', detail },
  };
}

/** Says what it takes, and that it begins or that somebody must say so. Code: CLI_NO_INPUT. */
export async function agreed(cli: Cli, run: RunView): Promise<boolean> {
  if (run.quote !== null) cli.out.event('quote', { run: run.id, ...run.quote }, quoteText(run, run.quote));
  if (cli.options.flag('yes')) return true;
  const { stdin, stderr } = cli.surroundings;
  if (!stdin.isTTY || cli.out.json)
    throw new FilonError<CliErrorDetails>(
      { code: 'CLI_NO_INPUT' },
      `${run.id} waits for a yes: \`filon train resume ${run.id}\` begins it, or give --yes at once.`,
    );
  const reader = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await reader.question('Begin? [y/N] ', { signal: cli.signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

export function quoteText({ steps }: RunView, { seconds, kwh, cost, diskBytes }: Quote): string {
  const parts = [`${countText(steps ?? 0)} steps`];
  if (seconds !== null) parts.push(`about ${durationText(seconds * 1000)}`);
  if (kwh !== null) parts.push(`${kwh.toFixed(3)} kWh`);
  if (cost !== null) parts.push(`${cost.toFixed(2)} for the energy`);
  parts.push(`at most ${formatBytes(diskBytes)} on the disk`);
  const unknown =
    kwh === null
      ? ' The energy is unknown: `filon config set machineWatts` says what this machine draws.'
      : '';
  return `It takes ${parts.join(', ')}.${unknown}`;
}

/** What became of it, or what is to be done. */
export function outcomeText(run: RunView): string {
  const { id, state, result, error, recipe, generalRise } = run;
  if (state === 'failed')
    return `${id} failed: ${error?.message ?? 'unknown'}. \`filon train resume ${id}\` goes on from its last checkpoint.`;
  if (state === 'stopped')
    return `${id} is stopped at step ${run.progress.step}. \`filon train resume ${id}\` goes on.`;
  if (state === 'quoted' && run.quote !== null)
    return `${quoteText(run, run.quote)} \`filon train resume ${id}\` begins it.`;
  if (state !== 'done') return `${id} is ${state}.`;
  const numbers = evaluationText(run.before, run.after);
  if (result !== null)
    return `${numbers}\n${result.name} is here: \`filon run ${result.name} "..."\` asks it.\n${recipe.disclaimer.en}`;
  const rise = generalRise === null ? '' : ` by ${(generalRise * 100).toFixed(1)}%`;
  return `${numbers}\n${id} raised the perplexity of general text${rise}, more than its recipe allows, and is not among the models. \`filon train export ${id}\` writes it all the same.`;
}

/** A table; one column where there is nothing to compare with. */
export function evaluationText(before: Evaluation | null, after: Evaluation | null): string {
  const columns = [before, after].filter((column) => column !== null);
  const head = ['', ...(before === null ? [] : ['BEFORE']), ...(after === null ? [] : ['AFTER'])];
  const row = (name: string, of: (column: Evaluation) => string | null): string[][] => {
    const cells = columns.map(of);
    return cells.every((cell) => cell === null) ? [] : [[name, ...cells.map((cell) => cell ?? '-')]];
  };
  const number =
    (of: (split: SplitLoss) => number | null, part: 'heldOut' | 'general') => (column: Evaluation) => {
      const split = column[part];
      return (split === null ? null : of(split))?.toFixed(3) ?? null;
    };
  const rows = [
    ...row(
      'held-out loss',
      number(({ loss }) => loss, 'heldOut'),
    ),
    ...row(
      'held-out perplexity',
      number(({ perplexity }) => perplexity, 'heldOut'),
    ),
    ...row(
      'held-out bits a byte',
      number(({ bitsPerByte }) => bitsPerByte, 'heldOut'),
    ),
    ...row(
      'general perplexity',
      number(({ perplexity }) => perplexity, 'general'),
    ),
    ...row('right choices', ({ choices }) =>
      choices === null ? null : `${choices.right} of ${choices.all}`,
    ),
  ];
  return rows.length === 0
    ? 'Nothing was held out, so nothing can be said of it.'
    : tableText([head, ...rows]);
}
