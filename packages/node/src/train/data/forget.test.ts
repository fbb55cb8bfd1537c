import { randomBytes } from 'node:crypto';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import { expect, test } from 'vitest';
import { createMemoryDataFiles } from '../../adapters/memory/data-files.ts';
import { createMemoryDataStore } from '../../adapters/memory/data-store.ts';
import { createByteTokenizer } from './byte-tokenizer.ts';
import { FORGET_PROOF_FILE, forgetSources } from './forget.ts';
import { type PrepareDeps, prepareData, readWhole } from './prepare.ts';
import { tokeniseData } from './tokenise.ts';

const OPTIONS = { signal: new AbortController().signal, onProgress: () => {} };
const source = (name: string): RecipeSource => ({
  name,
  source: `file:${name}.jsonl`,
  licence: 'CC0-1.0',
  origin: 'made up',
  tried: false,
});
const lines = (...texts: string[]): string => texts.map((text) => JSON.stringify({ text })).join('\n');

const ORDER = {
  sources: [source('first'), source('second')],
  heldOut: null,
  rule: { validationPerMille: 200, heldOutPerMille: 200 },
  nearPerMille: 800,
  personal: null,
  base: '/',
};

function scene(): PrepareDeps {
  const mine = Array.from({ length: 30 }, (_, at) => `a secret of the first number ${at}`);
  const others = Array.from({ length: 30 }, (_, at) => `what ${at} the second one says`);
  const files = {
    'first.jsonl': lines(...mine, 'said by both'),
    'second.jsonl': lines(...others, 'Said by BOTH'),
  };
  return { files: createMemoryDataFiles(files), store: createMemoryDataStore(), randomBytes };
}

test('a source is forgotten: the new data has none of it, and the proof names what is gone', async () => {
  const deps = scene();
  const before = await prepareData({ ...ORDER, forgotten: [] }, deps, OPTIONS);
  const tokenizer = createByteTokenizer();
  await tokeniseData(before.id, { store: deps.store, tokenizer }, OPTIONS);
  const { prepared, proof } = await forgetSources(
    { id: before.id, names: ['first'], order: ORDER },
    deps,
    OPTIONS,
  );
  const fresh = await prepareData({ ...ORDER, sources: [source('second')], forgotten: [] }, scene(), OPTIONS);
  expect(prepared.manifest.splits).toEqual(fresh.manifest.splits);
  expect(prepared.manifest.forgotten).toEqual([{ manifest: before.id, name: 'first', files: proof.files }]);
  for (const split of ['train.jsonl', 'validation.jsonl', 'held-out.jsonl'])
    expect(await readWhole(deps.store, { id: prepared.id, name: split, bytesMax: 1e6 })).not.toContain(
      'secret',
    );
  expect(proof.left).toHaveLength(31);
  // What both said is there by the right of the other.
  expect(proof.stillThere).toBe(1);
  const index = await tokeniseData(prepared.id, { store: deps.store, tokenizer }, OPTIONS);
  const after = Object.values(index.splits).flatMap(({ shards }) => shards.map(({ sha256 }) => sha256));
  expect(proof.before.shards.length).toBe(3);
  expect(after.filter((sha256) => proof.before.shards.includes(sha256))).toEqual([]);
  expect(
    JSON.parse(await readWhole(deps.store, { id: prepared.id, name: FORGET_PROOF_FILE, bytesMax: 1e6 })),
  ).toEqual(proof);
});

test('a source that is not there cannot be forgotten', async () => {
  const deps = scene();
  const { id } = await prepareData({ ...ORDER, forgotten: [] }, deps, OPTIONS);
  await expect(forgetSources({ id, names: ['third'], order: ORDER }, deps, OPTIONS)).rejects.toMatchObject({
    details: { code: 'DATA_SOURCE_UNKNOWN', source: 'third', known: ['first', 'second'] },
  });
});
