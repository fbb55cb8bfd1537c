/**
 * Prepared data: items a split, the manifest that says where they are from, and reports. Appears whole or not at all, under
 * the id of its manifest, so that equal sources prepared twice are there once.
 */
import { createHash, type Hash } from 'node:crypto';
import { hexOf } from '@filon/core/hex';
import { canonicalJson } from '@filon/core/training/data/canonical';
import { manifestInvalid } from '@filon/core/training/data/errors';
import { type DataManifest, MANIFEST_FORMAT, manifestSchema } from '@filon/core/training/data/manifest';
import { SPLITS, type Split } from '@filon/core/training/data/split';
import type { DataDraft, DataStore } from '../../ports/data-store.ts';
import { type GatheredItem, type GatherOrder, type GatherWork, gather } from './gather.ts';
import { REMOVED_FILE, REMOVED_KEY_FILE, RemovedValues } from './personal/removed-values.ts';
import { PersonalReport } from './personal/report.ts';

export const MANIFEST_FILE = 'manifest.json';
export const PERSONAL_FILE = 'personal.json';
const WRITE_BYTES: number = 1024 * 1024;
const MANIFEST_BYTES_MAX: number = 64 * 1024 * 1024;

export interface PrepareOrder extends GatherOrder {
  /** What an earlier manifest had, that this one is made without. */
  forgotten: DataManifest['forgotten'];
}

export interface Prepared {
  id: string;
  manifest: DataManifest;
  /** null when nobody looked for personal data. */
  personal: PersonalReport | null;
}

export interface PrepareDeps {
  files: GatherWork['files'];
  store: DataStore;
  /** For the key of the list of removed values. */
  randomBytes(count: number): Uint8Array;
}

/** File of a split's items, one a line: source, file, line, hash, item. */
export function itemsFile(split: Split): string {
  return `${split}.jsonl`;
}

/** Codes: DATA_*. */
export async function prepareData(
  order: PrepareOrder,
  deps: PrepareDeps,
  options: Pick<GatherWork, 'signal' | 'onProgress'>,
): Promise<Prepared> {
  await using draft = await deps.store.draft();
  const writers = new Map(SPLITS.map((split) => [split, new ItemWriter(draft, split)] as const));
  const report = order.personal === null ? null : new PersonalReport();
  const key = deps.randomBytes(32);
  const removed = new RemovedValues(key);
  const sources = await gather(order, {
    ...options,
    files: deps.files,
    onItem: (item) => writers.get(item.split)?.add(item),
    onPersonal: (place) => {
      report?.add(place);
      removed.add(place);
    },
  });
  const manifest: DataManifest = {
    format: MANIFEST_FORMAT,
    sources,
    rule: order.rule,
    duplicates: { exact: 'nfkc-lower', nearPerMille: order.nearPerMille },
    personal: report?.counts() ?? null,
    splits: await endAll(writers),
    forgotten: order.forgotten,
  };
  const text = canonicalJson(manifest);
  const id = createHash('sha256').update(text).digest('hex');
  await draft.append(MANIFEST_FILE, Buffer.from(text));
  if (report !== null) {
    await draft.append(PERSONAL_FILE, Buffer.from(report.toJson()));
    await draft.append(REMOVED_FILE, Buffer.from(removed.toJson()));
    await draft.append(REMOVED_KEY_FILE, Buffer.from(hexOf(key)));
  }
  await draft.commit(id);
  return { id, manifest, personal: report };
}

async function endAll(writers: ReadonlyMap<Split, ItemWriter>): Promise<DataManifest['splits']> {
  const end = async (split: Split): Promise<DataManifest['splits'][Split]> => {
    const writer = writers.get(split);
    return writer === undefined ? { items: 0, bytes: 0, sha256: '' } : writer.end();
  };
  return {
    train: await end('train'),
    validation: await end('validation'),
    'held-out': await end('held-out'),
  };
}

/** Its id is the hash of what is there, or it is refused. Code: DATA_MANIFEST_INVALID. */
export async function readManifest(store: DataStore, id: string): Promise<DataManifest> {
  const text = await readWhole(store, { id, name: MANIFEST_FILE, bytesMax: MANIFEST_BYTES_MAX });
  if (createHash('sha256').update(text).digest('hex') !== id)
    throw manifestInvalid(id, 'its content is not what its id says; prepare the data again');
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw manifestInvalid(id, 'it is of another version; prepare the data again', error);
  }
}

export async function readWhole(
  store: DataStore,
  { id, name, bytesMax }: { id: string; name: string; bytesMax: number },
): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of store.read(id, name)) {
    bytes += part.length;
    if (bytes > bytesMax) throw manifestInvalid(id, `${name} has more than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

class ItemWriter {
  readonly #draft: DataDraft;
  readonly #name: string;
  readonly #hash: Hash = createHash('sha256');
  #lines: string[] = [];
  #chars = 0;
  #items = 0;
  #bytes = 0;

  constructor(draft: DataDraft, split: Split) {
    this.#draft = draft;
    this.#name = itemsFile(split);
  }

  async add({ item, hash, source, file, line }: GatheredItem): Promise<void> {
    const text = `${JSON.stringify({ s: source, f: file, l: line, h: hexOf(hash), item })}\n`;
    this.#lines.push(text);
    this.#chars += text.length;
    this.#items++;
    if (this.#chars >= WRITE_BYTES) await this.#flush();
  }

  async end(): Promise<{ items: number; bytes: number; sha256: string }> {
    await this.#flush();
    return { items: this.#items, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#chars = 0;
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    await this.#draft.append(this.#name, bytes);
  }
}
