/** The data of a run: prepared and tokenised once, then opened as batches. */
import type { DataManifest } from '@filon/core/training/data/manifest';
import type { Split } from '@filon/core/training/data/split';
import type { Item } from '@filon/core/training/item';
import type { Recipe } from '@filon/core/training/recipe';
import { noTokens } from '@filon/core/training/run-errors';
import type { DataFiles } from '../../ports/data-files.ts';
import type { DataStore } from '../../ports/data-store.ts';
import type { TextTokenizer } from '../../ports/text-tokenizer.ts';
import { type Batches, openBatches } from '../data/batches.ts';
import { documentOf } from '../data/documents.ts';
import { prepareData, readManifest } from '../data/prepare.ts';
import { gatherOrderOf } from '../data/recipe-order.ts';
import type { ShardIndex } from '../data/shard-index.ts';
import { itemsIn, tokeniseData } from '../data/tokenise.ts';

export interface DataMeans {
  files: DataFiles;
  data: DataStore;
  randomBytes(count: number): Uint8Array;
}

export interface TokenMeans {
  tokenizer: TextTokenizer;
  store: DataStore;
  signal: AbortSignal;
}

export interface DataWork {
  signal: AbortSignal;
  /** For people. */
  onText(text: string): void;
}

export interface RunData {
  id: string;
  manifest: DataManifest;
  index: ShardIndex;
  train: Batches;
  /** null: the split has nothing. */
  validation: Batches | null;
  heldOut: Batches | null;
  /** On the disk. */
  shardBytes: number;
}

/** The id of the recipe's data, prepared. Codes: DATA_*. */
export async function prepareRunData(
  { recipe, folder }: { recipe: Recipe; folder: string },
  means: DataMeans,
  { signal, onText }: DataWork,
): Promise<string> {
  const { files, data: store, randomBytes } = means;
  const order = { ...gatherOrderOf(recipe, folder), forgotten: [] };
  const onProgress = ({ name }: { name: string }): void => onText(name);
  return (await prepareData(order, { files, store, randomBytes }, { signal, onProgress })).id;
}

/** Codes: DATA_*, TEMPLATE_*, TRAIN_NO_TOKENS. */
export async function openRunData(
  { id, recipe, tokenizer }: { id: string; recipe: Recipe; tokenizer: TextTokenizer },
  { data: store }: Pick<DataMeans, 'data'>,
  { signal, onText }: DataWork,
): Promise<RunData> {
  const index = await tokeniseData(
    id,
    { store, tokenizer },
    {
      signal,
      onProgress: ({ doneItems, totalItems }) => onText(`tokenising ${doneItems} of ${totalItems} items`),
    },
  );
  const { sequences, length, seed } = recipe.training;
  const open = (split: Split): Promise<Batches> =>
    openBatches({ index, split, shape: { sequences, length, seed } }, store);
  const openIfAny = async (split: Split): Promise<Batches | null> => {
    const batches = await open(split);
    return batches.documents === 0 ? null : batches;
  };
  const train = await open('train');
  if (train.documents === 0) throw noTokens(id);
  const shards = Object.values(index.splits).flatMap((split) => split.shards);
  return {
    ...{ id, index, train, manifest: await readManifest(store, id) },
    validation: await openIfAny('validation'),
    heldOut: await openIfAny('held-out'),
    shardBytes: shards.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const encoder = new TextEncoder();

/** UTF-8 bytes of what is learned of an item; marks and the ends of turns are tokens and no bytes. */
export function learnedBytes(item: Item): number {
  const bytes = (text: string): number => encoder.encode(text).length;
  switch (item.kind) {
    case 'text':
      return bytes(item.text);
    case 'completion':
      return bytes(item.completion);
    case 'chat':
      return item.messages.reduce(
        (sum, { role, content }) => sum + (role === 'assistant' ? bytes(content) : 0),
        0,
      );
  }
}

/** UTF-8 bytes that a token which counts stands for, over a whole split; null for a split without any. */
export async function bytesPerToken(
  { index }: Pick<RunData, 'index'>,
  split: Split,
  { store, tokenizer, signal }: TokenMeans,
): Promise<number | null> {
  const { shards, dropped } = index.splits[split];
  const tokens = shards.reduce((sum, { learned }) => sum + learned, 0);
  // Items that gave no document are among those of the split: only taking them apart again tells which.
  const isWhole = Object.keys(dropped).length === 0;
  let bytes = 0;
  for await (const item of itemsIn(store, index.manifest, split)) {
    signal.throwIfAborted();
    if (isWhole || !('fault' in (await documentOf(item, { tokenizer, signal })))) bytes += learnedBytes(item);
  }
  return tokens === 0 ? null : bytes / tokens;
}
