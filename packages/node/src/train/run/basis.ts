/** What a run rests on while it works: its base, its tokenizer, its data, its device. */
import { FilonError } from '@filon/core/errors';
import type { RunBase, RunRecord } from '@filon/core/training/run';
import { baseChanged, baseMissing, dataChanged } from '@filon/core/training/run-errors';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Models } from '../../ports/models.ts';
import type { TextTokenizer, Tokenizers } from '../../ports/text-tokenizer.ts';
import type { Trainer } from '../../ports/trainer.ts';
import { createByteTokenizer } from '../data/byte-tokenizer.ts';
import { requireTrainable } from './plan.ts';
import type { Power } from './quoting.ts';
import { type DataMeans, type DataWork, openRunData, prepareRunData, type RunData } from './run-data.ts';

export interface RunMeans extends DataMeans {
  trainer: Trainer;
  tokenizers: Tokenizers;
  models: Pick<Models, 'find' | 'pull'>;
  clock: Clock;
  log: Log;
  power: Power;
}

export interface RunBasis extends AsyncDisposable {
  device: string;
  base: RunBase | null;
  /** '' for a fresh model. */
  basePath: string;
  tokenizer: TextTokenizer;
  data: RunData;
}

/** Codes: TRAIN_RECIPE_UNSUPPORTED, TRAIN_BASE_*, TRAIN_DATA_CHANGED, TRAIN_NO_TOKENS, DATA_*, TEMPLATE_*. */
export async function openBasis(record: RunRecord, means: RunMeans, work: DataWork): Promise<RunBasis> {
  const { id, recipe, folder } = record;
  requireTrainable(recipe);
  const device = record.device ?? (await firstDevice(means.trainer, work.signal));
  const { base, path } = await baseOf(record, means.models);
  await using stack = new AsyncDisposableStack();
  const tokenizer =
    base === null
      ? createByteTokenizer()
      : stack.use(await means.tokenizers.open(path, { signal: work.signal }));
  if (record.tokenizer !== null && record.tokenizer !== tokenizer.id) throw dataChanged(id);
  const manifest = record.manifest ?? (await prepareRunData({ recipe, folder }, means, work));
  const data = await openRunData({ id: manifest, recipe, tokenizer }, means, work);
  const parts = stack.move();
  const close = (): Promise<void> => parts.disposeAsync();
  return { device, base, basePath: path, tokenizer, data, [Symbol.asyncDispose]: close };
}

async function baseOf(
  { recipe, base }: RunRecord,
  models: Pick<Models, 'find'>,
): Promise<{ base: RunBase | null; path: string }> {
  const { model } = recipe;
  if (model.kind !== 'base') return { base: null, path: '' };
  const stored = await models.find(model.name);
  if (stored === null) throw baseMissing(model.name);
  const { name, sha256, path } = stored;
  if (base !== null && base.sha256 !== sha256)
    throw baseChanged(name, { expected: base.sha256, actual: sha256 });
  return { base: { name, sha256 }, path };
}

async function firstDevice(trainer: Trainer, signal: AbortSignal): Promise<string> {
  const [first] = await trainer.devices({ signal });
  if (first !== undefined) return first.id;
  throw new FilonError(
    { code: 'TRAIN_DEVICE_REFUSED', device: '' },
    'no device of this machine answered; `filon doctor` says more',
  );
}
