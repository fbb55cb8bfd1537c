/**
 * Tokenises prepared items once, into shards. Each shard and then the index are written whole, so whatever ends the
 * process costs at most one shard; the next start goes on after the last one, and the shards are the same bytes.
 */
import { createHash } from 'node:crypto';
import { invariant } from '@filon/core/errors';
import { manifestInvalid } from '@filon/core/training/data/errors';
import {
  encodeShard,
  type TokenDocument,
  tokenBytesOf,
  VOCABULARY_MAX,
} from '@filon/core/training/data/shard';
import { SPLITS, type Split } from '@filon/core/training/data/split';
import { type Item, itemSchema } from '@filon/core/training/item';
import type { DataStore } from '../../ports/data-store.ts';
import type { TextTokenizer } from '../../ports/text-tokenizer.ts';
import { documentOf } from './documents.ts';
import { itemsFile, readManifest } from './prepare.ts';
import { emptyIndex, readIndex, type ShardIndex, shardFile, writeIndex } from './shard-index.ts';
import { decodedText, linesOf } from './text-lines.ts';

/** A shard is closed at the first of these. */
export interface ShardSize {
  tokens: number;
  documents: number;
}
export const SHARD_SIZE: ShardSize = { tokens: 2 ** 22, documents: 2 ** 18 };
const ITEMS_AT_ONCE = 32;
/** An item's line is longer than its text by escapes. */
const ITEM_LINE_CHARS_MAX: number = 2 ** 24;

export interface TokeniseOptions {
  signal: AbortSignal;
  onProgress(progress: { split: Split; doneItems: number; totalItems: number; tokens: number }): void;
  size?: ShardSize;
}

interface Work extends Required<Pick<TokeniseOptions, 'signal' | 'onProgress' | 'size'>> {
  store: DataStore;
  tokenizer: TextTokenizer;
  index: ShardIndex;
}

/** Codes: DATA_*, TEMPLATE_*. */
export async function tokeniseData(
  id: string,
  { store, tokenizer }: { store: DataStore; tokenizer: TextTokenizer },
  options: TokeniseOptions,
): Promise<ShardIndex> {
  invariant(tokenizer.vocabularySize <= VOCABULARY_MAX, 'a vocabulary larger than tokens of 31 bits');
  const manifest = await readManifest(store, id);
  const index = (await readIndex(store, id, tokenizer.id)) ?? emptyIndex(id, tokenizer);
  if (index.isWhole) return index;
  for (const split of SPLITS) {
    const work = { size: SHARD_SIZE, ...options, store, tokenizer, index };
    const total = manifest.splits[split].items;
    if (index.splits[split].items < total) await tokeniseSplit(split, total, work);
  }
  const whole = { ...index, isWhole: true };
  await writeIndex(store, whole);
  return whole;
}

async function tokeniseSplit(split: Split, total: number, work: Work): Promise<void> {
  const shards = new SplitWriter(split, work);
  let waiting: Item[] = [];
  const flush = async (): Promise<void> => {
    const { tokenizer, signal } = work;
    const made = await Promise.all(waiting.map((item) => documentOf(item, { tokenizer, signal })));
    for (const document of made) await shards.add(document);
    waiting = [];
    work.onProgress({ split, doneItems: shards.items, totalItems: total, tokens: shards.tokens });
  };
  let number = 0;
  for await (const item of itemsIn(work.store, work.index.manifest, split)) {
    work.signal.throwIfAborted();
    if (number++ < work.index.splits[split].items) continue;
    waiting.push(item);
    if (waiting.length === ITEMS_AT_ONCE) await flush();
  }
  await flush();
  await shards.close();
}

/** Prepared items in their order. Code: DATA_MANIFEST_INVALID. */
export async function* itemsIn(store: DataStore, id: string, split: Split): AsyncGenerator<Item> {
  const name = itemsFile(split);
  const texts = decodedText(name, store.read(id, name), 'utf-8');
  for await (const { text, number, isCut } of linesOf(texts, ITEM_LINE_CHARS_MAX)) {
    const item = isCut ? null : itemIn(text);
    if (item === null)
      throw manifestInvalid(id, `line ${number} of ${name} is no item; prepare the data again`);
    yield item;
  }
}

function itemIn(line: string): Item | null {
  try {
    return itemSchema.parse((JSON.parse(line) as { item?: unknown }).item);
  } catch {
    return null;
  }
}

class SplitWriter {
  readonly #split: Split;
  readonly #work: Work;
  #documents: TokenDocument[] = [];
  #held = 0;
  #dropped: Record<string, number>;
  items: number;
  tokens: number;

  constructor(split: Split, work: Work) {
    this.#split = split;
    this.#work = work;
    const before = work.index.splits[split];
    this.items = before.items;
    this.tokens = before.shards.reduce((sum, shard) => sum + shard.tokens, 0);
    this.#dropped = { ...before.dropped };
  }

  async add(made: Awaited<ReturnType<typeof documentOf>>): Promise<void> {
    if (!('fault' in made) && this.#isFull(made)) await this.close();
    this.items++;
    if ('fault' in made) {
      this.#dropped[made.fault] = (this.#dropped[made.fault] ?? 0) + 1;
      return;
    }
    this.#documents.push(made);
    this.#held += made.tokens.length;
    this.tokens += made.tokens.length;
  }

  #isFull({ tokens }: TokenDocument): boolean {
    const { size } = this.#work;
    const isOver = this.#held + tokens.length > size.tokens || this.#documents.length >= size.documents;
    return isOver && this.#documents.length > 0;
  }

  async close(): Promise<void> {
    const { store, index, tokenizer } = this.#work;
    const before = index.splits[this.#split];
    const shards = [...before.shards];
    if (this.#documents.length > 0) {
      const { bytes, head } = encodeShard(this.#documents, {
        split: this.#split,
        first: shards.reduce((sum, { documents }) => sum + documents, 0),
        manifest: index.manifest,
        tokenizer: index.tokenizer,
        tokenBytes: tokenBytesOf(tokenizer.vocabularySize),
      });
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const { documents, tokens, learned } = head;
      await store.write(index.manifest, shardFile({ sha256 }), bytes);
      shards.push({ sha256, bytes: bytes.length, documents, tokens, learned });
    }
    index.splits[this.#split] = { items: this.items, shards, dropped: { ...this.#dropped } };
    await writeIndex(store, index);
    this.#documents = [];
    this.#held = 0;
  }
}
