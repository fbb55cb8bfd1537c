/** `node data-crash-writer.ts FOLDER SOURCE`: prepares and tokenises data, a line a step, then the shards. May be killed. */
import { randomBytes } from 'node:crypto';
import { createDataFiles } from '@filon/node/adapters/data/data-files';
import { openDataStore } from '@filon/node/adapters/data/data-store';
import { createByteTokenizer } from '@filon/node/train/data/byte-tokenizer';
import { prepareData } from '@filon/node/train/data/prepare';
import { tokeniseData } from '@filon/node/train/data/tokenise';

const [folder = '', path = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

await using store = await openDataStore({ folder });
const files = createDataFiles({ fetchData: async () => [] });
const source = { name: 'made', source: `file:${path}`, licence: 'CC0-1.0', origin: 'made up', tried: false };
const rule = { validationPerMille: 50, heldOutPerMille: 50 };
const order = {
  sources: [source],
  heldOut: null,
  rule,
  nearPerMille: null,
  personal: null,
  base: '/',
  forgotten: [],
};
const { id } = await prepareData(order, { files, store, randomBytes }, { signal, onProgress: () => {} });
const index = await tokeniseData(
  id,
  { store, tokenizer: createByteTokenizer() },
  {
    signal,
    onProgress: ({ split, doneItems }) => say(`${split} ${doneItems}`),
    size: { tokens: 4000, documents: 64 },
  },
);
const found = (await store.files(id)).map(({ name, bytes }) => `${name} ${bytes}`);
say(JSON.stringify({ id, splits: index.splits, files: found }));
