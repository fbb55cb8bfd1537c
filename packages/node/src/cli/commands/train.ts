/** `filon train`: a model by a recipe, in the running node. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FilonError, isFilonError } from '@filon/core/errors';
import type { RunView } from '@filon/core/training/run';
import type { TrainOrder } from '../../train/pipeline.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { agreed, followRun, outcomeText } from '../train-work.ts';

export const train: CommandModule = {
  define: (command) => {
    command
      .argument('<recipe>', 'a recipe that comes with Filon, or the path of one')
      .option('--data <source>', 'train on this instead: a file, a folder, or file:, https:, hf:')
      .option('--licence <id>', 'of that data, an SPDX id; the result carries it on', 'unknown')
      .option('--device <id>', 'one that `filon doctor` lists; else the first')
      .option('--steps <count>', 'so many instead of the recipe’s')
      .option('--seed <number>', 'another than the recipe’s')
      .option('--yes', 'begin without asking')
      .option('--detach', 'come back when it has begun')
      .addHelpText(
        'after',
        examples(
          ['filon train tiny-scratch', 'a small model from nothing, in minutes'],
          ['filon train medical', 'an adapter on the starter model'],
          ['filon train ./mine.json --data ./texts --steps 200 --yes', 'your own'],
        ),
      );
  },
  run: async (cli) => {
    const { id } = await cli.control.trainStart(await orderOf(cli), { signal: cli.signal });
    cli.out.event('started', { run: id }, `The run is called ${id}.`);
    await toItsEnd(cli, id);
  },
};

/** Follows a run; where it comes to its quote, asks and goes on. */
export async function toItsEnd(cli: Cli, id: string): Promise<void> {
  const run = await followRun(cli, id);
  if (run.state !== 'quoted') return over(cli, run);
  if (!(await agreed(cli, run))) {
    cli.out.result(run, `Not begun. \`filon train resume ${id}\` begins it after all.`);
    return;
  }
  const begun = await cli.control.resumeRun({ run: id }, { signal: cli.signal });
  if (cli.options.flag('detach'))
    cli.out.result(begun, `${id} trains in the node. \`filon train show ${id}\` says how it is.`);
  else over(cli, await followRun(cli, id));
}

/** What became of it is the result; a failure is also the command's. */
function over(cli: Cli, run: RunView): void {
  if (run.state === 'failed' && run.error !== null)
    throw new FilonError(run.error.details, `${run.error.message} (${outcomeHint(run)})`);
  cli.out.result(run, outcomeText(run));
}

function outcomeHint({ id, progress }: RunView): string {
  const from =
    progress.checkpointStep === null ? 'begins again' : `goes on from step ${progress.checkpointStep}`;
  return `\`filon train resume ${id}\` ${from}`;
}

async function orderOf(cli: Cli): Promise<TrainOrder> {
  const [recipe = ''] = cli.args;
  const { options } = cli;
  const data = options.text('data');
  return {
    recipe: recipePath(recipe),
    data: data === undefined ? null : await dataOf(data, options.text('licence') ?? 'unknown'),
    steps: options.number('steps', { min: 1, max: 10_000_000 }) ?? null,
    seed: options.number('seed', { min: 0, max: 0xffff_ffff }) ?? null,
    device: options.text('device') ?? null,
    agreed: false,
  };
}

/** The node may run in another folder than this command. */
export function recipePath(recipe: string): string {
  return /[/\\]/.test(recipe) || recipe.endsWith('.json') ? resolve(recipe) : recipe;
}

async function dataOf(typed: string, licence: string): Promise<NonNullable<TrainOrder['data']>> {
  const isSource = /^(https?|hf):/.test(typed);
  const path = resolve(typed.replace(/^file:/, ''));
  if (!isSource) await stat(path).catch((error: unknown) => Promise.reject(notThere(typed, error)));
  const source = isSource ? typed : `file:${path}`;
  return { name: 'data', source, licence, origin: 'given by the operator', tried: false };
}

function notThere(typed: string, error: unknown): FilonError {
  if (isFilonError(error)) return error;
  return new FilonError(
    { code: 'CLI_OPTION_INVALID', option: '--data', value: typed, allowed: 'a file, a folder or a source' },
    `--data cannot be ${JSON.stringify(typed)}: nothing is there.`,
    { cause: error },
  );
}
