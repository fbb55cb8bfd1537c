/** The sample of customer information, whose personal data is known: none of it may be in what is prepared. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createDataFiles } from '../../adapters/data/data-files.ts';
import { createMemoryDataStore } from '../../adapters/memory/data-store.ts';
import { prepareData, readWhole } from './prepare.ts';

const SAMPLE = fileURLToPath(
  new URL('../../../../../recipes/samples/customer-information/', import.meta.url),
);
const planted = z.object({ customers: z.array(z.record(z.string(), z.string())).min(10) });

test('nothing of the customers is left in CSV, JSONL, PDF and text, and the goods are', async () => {
  const { customers } = planted.parse(JSON.parse(readFileSync(`${SAMPLE}personal.json`, 'utf8')));
  const store = createMemoryDataStore();
  const source = {
    name: 'folder',
    source: 'file:folder',
    licence: 'Apache-2.0',
    origin: 'made up',
    tried: false,
    questions: true,
  };
  const rule = { validationPerMille: 0, heldOutPerMille: 0 };
  const { id, manifest } = await prepareData(
    {
      sources: [source],
      heldOut: null,
      rule,
      nearPerMille: 800,
      personal: { keep: [] },
      base: SAMPLE,
      forgotten: [],
    },
    { files: createDataFiles({ fetchData: async () => [] }), store, randomBytes },
    { signal: new AbortController().signal, onProgress: () => {} },
  );
  const text = await readWhole(store, { id, name: 'train.jsonl', bytesMax: 1e7 });
  expect(
    customers.flatMap((customer) => Object.values(customer)).filter((value) => text.includes(value)),
  ).toEqual([]);
  expect(manifest.sources[0]?.files.map(({ format }) => format)).toEqual(
    expect.arrayContaining(['csv', 'jsonl', 'pdf', 'text']),
  );
  expect(text).toContain('folding saw');
});
