import { createHash, randomBytes } from 'node:crypto';
import { batchFault, lossTokens, type TrainingBatch } from '@filon/core/training/batch';
import { SPLITS } from '@filon/core/training/data/split';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMemoryDataFiles } from '../../adapters/memory/data-files.ts';
import { createMemoryDataStore } from '../../adapters/memory/data-store.ts';
import type { DataStore } from '../../ports/data-store.ts';
import { type DataPosition, openBatches } from './batches.ts';
import { createByteTokenizer } from './byte-tokenizer.ts';
import { prepareData, readManifest } from './prepare.ts';
import type { ShardIndex } from './shard-index.ts';
import { tokeniseData } from './tokenise.ts';

const BYTES = createByteTokenizer();
const { signal } = new AbortController();
const SIZE = { tokens: 400, documents: 8 };
const SOURCE: RecipeSource = {
  name: 'made',
  source: 'file:a.jsonl',
  licence: 'CC0-1.0',
  origin: 'made up',
  tried: false,
};

async function prepared(store: DataStore, texts: readonly string[]): Promise<string> {
  const content = texts.map((text) => JSON.stringify({ text })).join('\n');
  const rule = { validationPerMille: 150, heldOutPerMille: 150 };
  const order = {
    sources: [SOURCE],
    heldOut: null,
    rule,
    nearPerMille: null,
    personal: null,
    base: '/',
    forgotten: [],
  };
  const deps = { files: createMemoryDataFiles({ 'a.jsonl': content }), store, randomBytes };
  return (await prepareData(order, deps, { signal, onProgress: () => {} })).id;
}

const tokenised = (store: DataStore, id: string): Promise<ShardIndex> =>
  tokeniseData(id, { store, tokenizer: BYTES }, { signal, onProgress: () => {}, size: SIZE });

const TEXTS = Array.from({ length: 120 }, (_, at) => `text ${at} ${'lorem ipsum '.repeat(at % 9)}`.trim());

/** The texts of a split, put together from its batches. */
async function textsIn(
  store: DataStore,
  index: ShardIndex,
  split: (typeof SPLITS)[number],
  length: number,
): Promise<string[]> {
  const batches = await openBatches({ index, split, shape: { sequences: 3, length, seed: 1 } }, store);
  const texts: string[] = [];
  for (
    let position: DataPosition = { epoch: 0, index: 0 };
    position.epoch === 0;
    position = batches.after(position)
  ) {
    const batch = await batches.at(position);
    expect(batchFault(batch, BYTES.vocabularySize)).toBeNull();
    for (let at = 0; at < batch.tokens.length; at++) {
      if (batch.documents[at] === -1) continue;
      if (batch.positions[at] === 0) texts.push('');
      if ((batch.targets[at] ?? -1) < 256)
        texts.push(texts.pop() + String.fromCharCode(batch.targets[at] ?? 0));
    }
  }
  return texts.toSorted();
}

describe('prepared data', () => {
  test('is named by its manifest, and the same twice', async () => {
    const store = createMemoryDataStore();
    const id = await prepared(store, TEXTS);
    expect(await prepared(store, TEXTS)).toBe(id);
    const manifest = await readManifest(store, id);
    expect(SPLITS.map((split) => manifest.splits[split].items).reduce((a, b) => a + b)).toBe(TEXTS.length);
    expect(manifest.sources).toMatchObject([
      { licence: 'CC0-1.0', origin: 'made up', files: [{ items: 120, kept: 120 }] },
    ]);
    await store.write(id, 'manifest.json', Buffer.from('{}'));
    await expect(readManifest(store, id)).rejects.toMatchObject({
      details: { code: 'DATA_MANIFEST_INVALID' },
    });
  });

  test('comes out of the batches as it went in, each text in one split', async () => {
    const store = createMemoryDataStore();
    const id = await prepared(store, TEXTS);
    const index = await tokenised(store, id);
    expect(index.splits.train.shards.length).toBeGreaterThan(5);
    const all = await Promise.all(SPLITS.map((split) => textsIn(store, index, split, 256)));
    expect(all.flat().toSorted()).toEqual(TEXTS.toSorted());
    for (const texts of all) expect(texts.length).toBeGreaterThan(0);
  });

  test('loses nothing where texts are longer than a sequence', async () => {
    const store = createMemoryDataStore();
    const index = await tokenised(store, await prepared(store, TEXTS));
    const pieces = await textsIn(store, index, 'train', 16);
    const whole = await textsIn(store, index, 'train', 256);
    expect(pieces.join('').length).toBe(whole.join('').length);
    const batches = await openBatches(
      { index, split: 'train', shape: { sequences: 3, length: 16, seed: 1 } },
      store,
    );
    expect(batches.cut).toBe(whole.filter((text) => text.length >= 16).length);
  });

  test('goes on after an end at any instant, with the same bytes', async () => {
    const whole = createMemoryDataStore();
    const id = await prepared(whole, TEXTS);
    const expected = await tokenised(whole, id);
    const store = createMemoryDataStore();
    await prepared(store, TEXTS);
    let writes = 0;
    let ends = 0;
    const dying = (after: number): DataStore => ({
      ...store,
      write: async (...given) => {
        if (writes++ === after) throw new TypeError('killed');
        await store.write(...given);
      },
    });
    for (;;) {
      writes = 0;
      const index = await tokenised(dying(1 + (ends % 2)), id).catch(() => null);
      if (index !== null) break;
      ends++;
    }
    expect(ends).toBeGreaterThan(5);
    expect(await tokenised(store, id)).toEqual(expected);
    for (const { name, bytes } of await whole.files(id)) {
      const hashOf = async (from: DataStore): Promise<string> =>
        createHash('sha256')
          .update(await from.readAt(id, name, { offset: 0, bytes }))
          .digest('hex');
      expect(await hashOf(store)).toBe(await hashOf(whole));
    }
  });

  test('whose shard is damaged is refused', async () => {
    const store = createMemoryDataStore();
    const id = await prepared(store, TEXTS);
    const index = await tokenised(store, id);
    const [shard] = index.splits.train.shards;
    const name = `${shard?.sha256}.shard`;
    await store.write(id, name, new Uint8Array(shard?.bytes ?? 0));
    const opened = openBatches({ index, split: 'train', shape: { sequences: 1, length: 8, seed: 1 } }, store);
    await expect(opened).rejects.toMatchObject({ details: { code: 'DATA_SHARD_INVALID', shard: name } });
    await store.write(id, name, new Uint8Array(3));
    await expect(tokenised(store, id)).rejects.toMatchObject({ details: { code: 'DATA_MANIFEST_INVALID' } });
  });
});

describe('batches', () => {
  test('are the same wherever one begins', async () => {
    const store = createMemoryDataStore();
    const index = await tokenised(store, await prepared(store, TEXTS));
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(200), fc.nat(9), async (epoch, number, seed) => {
        const open = () =>
          openBatches({ index, split: 'train', shape: { sequences: 2, length: 32, seed } }, store);
        const [walked, fresh] = [await open(), await open()];
        const target = { epoch, index: number % walked.countIn(epoch) };
        let position: DataPosition = { epoch: 0, index: 0 };
        while (position.epoch !== target.epoch || position.index !== target.index)
          position = walked.after(position);
        expect(await walked.at(position)).toEqual(await fresh.at(target));
      }),
      { numRuns: 20 },
    );
  });

  test('hold every token that is learned once an epoch', async () => {
    const store = createMemoryDataStore();
    const index = await tokenised(store, await prepared(store, TEXTS));
    const batches = await openBatches(
      { index, split: 'train', shape: { sequences: 4, length: 24, seed: 3 } },
      store,
    );
    const all: TrainingBatch[] = [];
    for (let at = 0; at < batches.countIn(2); at++) all.push(await batches.at({ epoch: 2, index: at }));
    const learned = index.splits.train.shards.reduce((sum, shard) => sum + shard.learned, 0);
    expect(all.reduce((sum, batch) => sum + lossTokens(batch), 0)).toBe(learned);
  });
});
