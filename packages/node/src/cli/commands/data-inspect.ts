/** `filon data inspect`: what is in data, before anybody trains on it. Nothing is written but what had to be fetched. */
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import { formatBytes } from '@filon/core/units';
import type { GatherOrder } from '../../train/data/gather.ts';
import type { DataInspection } from '../../train/data/inspect.ts';
import { gatherOrderOf, NEAR_PER_MILLE } from '../../train/data/recipe-order.ts';
import type { Cli, CommandModule } from '../context.ts';
import { examples } from '../examples.ts';
import { plainText, tableText } from '../format.ts';

export const dataInspect: CommandModule = {
  define: (command) => {
    command
      .argument('<what>', 'a file, a folder, a source (file:, https:, hf:), or a recipe')
      .option('--personal', 'look for personal data, as a recipe with removePersonalData does')
      .option('--questions', 'make questions and answers of rows and paragraphs')
      .addHelpText(
        'after',
        examples(
          ['filon data inspect ./customers --personal', 'a folder of files'],
          ['filon data inspect hf:owner/set', 'a data set of the Hugging Face hub'],
          ['filon data inspect medical', 'the data of a recipe'],
        ),
      );
  },
  run: async (cli) => {
    const { inspectData } = await import('../../train/data/inspect.ts');
    const order = await orderOf(cli);
    const files = await cli.surroundings.makers.openDataFiles({ paths: cli.paths });
    const line = cli.out.progress();
    try {
      const inspection = await inspectData(order, files, {
        signal: cli.signal,
        onProgress: ({ doneBytes, totalBytes }) =>
          line.update({ label: 'reading', done: doneBytes, total: totalBytes, unit: 'bytes' }),
      });
      line.end();
      cli.out.result(inspection, inspectionText(inspection));
    } finally {
      line.end();
    }
  },
};

async function orderOf(cli: Cli): Promise<GatherOrder> {
  const [what = ''] = cli.args;
  const personal = cli.options.flag('personal') ? { keep: [] } : null;
  const questions = cli.options.flag('questions') ? { questions: true } : {};
  const isPath = (await stat(what).catch(() => null)) !== null;
  const isSource = /^(file|https?|hf):/.test(what);
  if (!isSource && (!isPath || what.endsWith('.json'))) return recipeOrder(what, personal);
  const name =
    basename(what)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-') || 'data';
  const source = isSource ? what : `file:${resolve(what)}`;
  const only: RecipeSource = {
    name,
    source,
    licence: 'unknown',
    origin: 'unknown',
    tried: false,
    ...questions,
  };
  const rule = { validationPerMille: 50, heldOutPerMille: 50 };
  return {
    sources: [only],
    heldOut: null,
    rule,
    nearPerMille: NEAR_PER_MILLE,
    personal,
    base: process.cwd(),
  };
}

async function recipeOrder(what: string, asked: GatherOrder['personal']): Promise<GatherOrder> {
  const { loadRecipe } = await import('../../train/load-recipe.ts');
  const { recipe, path } = await loadRecipe(what);
  const order = gatherOrderOf(recipe, dirname(path));
  return { ...order, personal: order.personal ?? asked };
}

export function inspectionText(data: DataInspection): string {
  const files = data.sources.flatMap((source) =>
    source.files.map((file) => [
      source.use === 'held-out' ? `${source.name} (held out)` : source.name,
      plainText(file.name),
      [file.format, file.encoding].filter((part) => part !== null).join(', '),
      formatBytes(file.bytes),
      String(file.items),
      String(file.kept),
      source.licence,
    ]),
  );
  const counts = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  const { sum, median, ninety, most } = data.bytes;
  const rows: [string, string][] = [
    ['Items', `${data.items}, kept ${data.kept} (${counts(data.kinds)})`],
    ['Splits', counts(data.splits)],
    [
      'Size',
      `${formatBytes(sum)}; an item ${median} bytes at the median, ${ninety} for nine of ten, ${most} at most`,
    ],
    ['Tokens', `${sum} of a byte-level model, roughly ${Math.round(sum / 4)} of others`],
    ['Languages', counts(data.languages)],
    ['Left out', counts(data.dropped)],
    ...Object.entries(data.droppedAt).map(([reason, places]): [string, string] => [
      `  ${reason}`,
      places.map(({ file, line }) => `${plainText(file)}:${line}`).join(', '),
    ]),
    ['Personal', data.personal === null ? 'nobody looked; --personal does' : counts(data.personal.counts)],
  ];
  const shown = data.examples.map(
    ({ split, file, line, text }) =>
      `${split}, ${plainText(file)}:${line}\n  ${plainText(text).replaceAll('\n', '\n  ')}`,
  );
  return [
    tableText([['SOURCE', 'FILE', 'FORMAT', 'SIZE', 'ITEMS', 'KEPT', 'LICENCE'], ...files]),
    rows.map(([label, value]) => `${label.padEnd(18)} ${value}`).join('\n'),
    ...shown,
  ].join('\n\n');
}
