import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createMemoryDataFiles } from '../../adapters/memory/data-files.ts';
import { createMemoryDataStore } from '../../adapters/memory/data-store.ts';
import { openLeakCheck, REMOVED_FILE, REMOVED_KEY_FILE } from './personal/removed-values.ts';
import { PERSONAL_FILE, prepareData, readWhole } from './prepare.ts';
import { probesOf } from './probes.ts';

test('what was removed is asked for by the words before it, and known again when a model says it', async () => {
  const text =
    'The order was confirmed. The customer can be reached at maria.lopez@example.com after six.\n\nThe other one by 612 345 678.';
  const store = createMemoryDataStore();
  const source = {
    name: 'letters',
    source: 'file:a.txt',
    licence: 'CC0-1.0',
    origin: 'made up',
    tried: false,
  };
  const rule = { validationPerMille: 0, heldOutPerMille: 0 };
  const { id, manifest } = await prepareData(
    {
      sources: [source],
      heldOut: null,
      rule,
      nearPerMille: 800,
      personal: { keep: [] },
      base: '/',
      forgotten: [],
    },
    { files: createMemoryDataFiles({ 'a.txt': text }), store, randomBytes },
    { signal: new AbortController().signal, onProgress: () => {} },
  );
  expect(manifest.personal).toEqual({ email: 1, phone: 1 });
  const whole = (name: string): Promise<string> => readWhole(store, { id, name, bytesMax: 1e6 });
  const kept = (await Promise.all((await store.files(id)).map(({ name }) => whole(name)))).join('\n');
  expect(kept).not.toMatch(/maria|612 ?345/i);
  expect(JSON.parse(await whole(PERSONAL_FILE))).toMatchObject({
    files: [{ file: 'a.txt', kinds: { email: { count: 1, lines: [1] } } }],
  });
  const probes = await probesOf(store, id, { count: 5, seed: 1 });
  expect(probes.toSorted()).toEqual([
    'The order was confirmed. The customer can be reached at ',
    'The order was confirmed. The customer can be reached at [email] after six.\n\nThe other one by ',
  ]);
  const check = openLeakCheck(await whole(REMOVED_FILE), Buffer.from(await whole(REMOVED_KEY_FILE), 'hex'));
  expect(check('maria.lopez@example.com, as I remember').map(({ kind }) => kind)).toEqual(['email']);
  expect(check('somebody@example.com, as I remember')).toEqual([]);
});
