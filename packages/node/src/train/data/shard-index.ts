/** Which shards a tokenizer's documents are in, and how far they are: written anew after each shard, so that work goes on there. */
import { manifestInvalid } from '@filon/core/training/data/errors';
import { SPLITS, type Split } from '@filon/core/training/data/split';
import { z } from 'zod';
import type { DataStore } from '../../ports/data-store.ts';
import { readWhole } from './prepare.ts';

const INDEX_BYTES_MAX: number = 64 * 1024 * 1024;
const count = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export interface ShardEntry {
  /** Of the file, and its name. */
  sha256: string;
  bytes: number;
  documents: number;
  tokens: number;
  /** Tokens that count in the loss. */
  learned: number;
}

export interface SplitShards {
  /** Items that were gone through. */
  items: number;
  shards: ShardEntry[];
  /** Items that gave no document, by reason. */
  dropped: Record<string, number>;
}

export interface ShardIndex {
  format: 1;
  manifest: string;
  tokenizer: string;
  vocabularySize: number;
  isWhole: boolean;
  splits: Record<Split, SplitShards>;
}

const splitShardsSchema: z.ZodType<SplitShards> = z.strictObject({
  items: count,
  shards: z.array(z.strictObject({ sha256, bytes: count, documents: count, tokens: count, learned: count })),
  dropped: z.record(z.string(), count),
});
const indexSchema: z.ZodType<ShardIndex> = z.strictObject({
  format: z.literal(1),
  manifest: sha256,
  tokenizer: sha256,
  vocabularySize: z.int().positive(),
  isWhole: z.boolean(),
  splits: z.strictObject({
    train: splitShardsSchema,
    validation: splitShardsSchema,
    'held-out': splitShardsSchema,
  }),
});

export function indexFile(tokenizer: string): string {
  return `${tokenizer.slice(0, 16)}.shards.json`;
}

export function shardFile({ sha256 }: Pick<ShardEntry, 'sha256'>): string {
  return `${sha256}.shard`;
}

export function emptyIndex(manifest: string, tokenizer: { id: string; vocabularySize: number }): ShardIndex {
  const none = (): SplitShards => ({ items: 0, shards: [], dropped: {} });
  const splits = { train: none(), validation: none(), 'held-out': none() };
  const { id, vocabularySize } = tokenizer;
  return { format: 1, manifest, tokenizer: id, vocabularySize, isWhole: false, splits };
}

/** null when nothing was tokenised yet. Code: DATA_MANIFEST_INVALID. */
export async function readIndex(
  store: DataStore,
  manifest: string,
  tokenizer: string,
): Promise<ShardIndex | null> {
  const name = indexFile(tokenizer);
  const files = await store.files(manifest);
  if (!files.some((file) => file.name === name)) return null;
  const text = await readWhole(store, { id: manifest, name, bytesMax: INDEX_BYTES_MAX });
  const parsed = indexSchema.safeParse(safelyParsed(text));
  if (!parsed.success || parsed.data.manifest !== manifest || parsed.data.tokenizer !== tokenizer)
    throw manifestInvalid(manifest, `${name} is not the index of its shards; remove it, and tokenise again`);
  const index = parsed.data;
  const bytes = new Map(files.map((file) => [file.name, file.bytes]));
  for (const split of SPLITS)
    for (const shard of index.splits[split].shards)
      if (bytes.get(shardFile(shard)) !== shard.bytes)
        throw manifestInvalid(
          manifest,
          `its shard ${shard.sha256} is not there whole; remove ${name}, and tokenise again`,
        );
  return index;
}

export async function writeIndex(store: DataStore, index: ShardIndex): Promise<void> {
  await store.write(index.manifest, indexFile(index.tokenizer), Buffer.from(JSON.stringify(index)));
}

function safelyParsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
