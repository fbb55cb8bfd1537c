/**
 * Forgets a source: the data is prepared again from the other sources, and a proof says what is gone. It holds hashes alone,
 * but hashes of short texts can be tried through, so it stays on this machine unless its owner gives it away.
 */
import { sourceUnknown } from '@filon/core/training/data/errors';
import type { DataManifest } from '@filon/core/training/data/manifest';
import { SPLITS } from '@filon/core/training/data/split';
import { z } from 'zod';
import type { DataStore } from '../../ports/data-store.ts';
import type { GatherWork } from './gather.ts';
import {
  itemsFile,
  type PrepareDeps,
  type Prepared,
  type PrepareOrder,
  prepareData,
  readManifest,
} from './prepare.ts';
import { decodedText, linesOf } from './text-lines.ts';

export const FORGET_PROOF_FILE = 'forgotten.json';
/** Of one proof; a source with more is proven by its files' hashes and counts. */
export const PROOF_ITEMS_MAX = 1_000_000;

export interface ForgetProof {
  format: 1;
  /** Names of the sources that are gone. */
  names: string[];
  before: { manifest: string; items: Record<string, string>; shards: string[] };
  after: { manifest: string; items: Record<string, string> };
  /** sha256 of the files of those sources. */
  files: string[];
  /** sha256 of the normalised texts that were in the data and are not any more, sorted. */
  left: string[];
  /** Of those texts, how many are in the new data: 0 unless another source has the same text. */
  stillThere: number;
}

/** `order`: as the earlier data was prepared, with all of its sources. Codes: DATA_*. */
export async function forgetSources(
  { id, names, order }: { id: string; names: readonly string[]; order: Omit<PrepareOrder, 'forgotten'> },
  deps: PrepareDeps,
  options: Pick<GatherWork, 'signal' | 'onProgress'>,
): Promise<{ prepared: Prepared; proof: ForgetProof }> {
  const manifest = await readManifest(deps.store, id);
  const gone = names.map((name) => {
    const source = manifest.sources.find((other) => other.name === name);
    if (source === undefined)
      throw sourceUnknown(
        name,
        manifest.sources.map((other) => other.name),
      );
    return { manifest: id, name, files: source.files.map(({ sha256 }) => sha256) };
  });
  const prepared = await prepareData(
    {
      ...order,
      sources: order.sources.filter(({ name }) => !names.includes(name)),
      heldOut: order.heldOut !== null && names.includes(order.heldOut.name) ? null : order.heldOut,
      forgotten: [...manifest.forgotten, ...gone],
    },
    deps,
    options,
  );
  const proof = await proofOf({ id, manifest, names, prepared }, deps.store);
  await deps.store.write(prepared.id, FORGET_PROOF_FILE, Buffer.from(JSON.stringify(proof)));
  return { prepared, proof };
}

interface Forgotten {
  id: string;
  manifest: DataManifest;
  names: readonly string[];
  prepared: Prepared;
}

async function proofOf({ id, manifest, names, prepared }: Forgotten, store: DataStore): Promise<ForgetProof> {
  const numbers = new Set(
    manifest.sources.flatMap(({ name }, number) => (names.includes(name) ? [number] : [])),
  );
  const left = new Set<string>();
  for await (const { s, h } of hashesIn(store, id))
    if (numbers.has(s) && left.size < PROOF_ITEMS_MAX) left.add(h);
  let stillThere = 0;
  for await (const { h } of hashesIn(store, prepared.id)) if (left.has(h)) stillThere++;
  const shards = (await store.files(id)).flatMap(({ name }) =>
    name.endsWith('.shard') ? [name.slice(0, 64)] : [],
  );
  return {
    format: 1,
    names: [...names],
    before: { manifest: id, items: itemHashes(manifest), shards },
    after: { manifest: prepared.id, items: itemHashes(prepared.manifest) },
    files: [...numbers].flatMap(
      (number) => manifest.sources[number]?.files.map(({ sha256 }) => sha256) ?? [],
    ),
    left: [...left].toSorted(),
    stillThere,
  };
}

function itemHashes({ splits }: DataManifest): Record<string, string> {
  return Object.fromEntries(SPLITS.map((split) => [split, splits[split].sha256]));
}

const lineSchema = z.object({ s: z.int(), h: z.string() });

async function* hashesIn(store: DataStore, id: string): AsyncGenerator<{ s: number; h: string }> {
  for (const split of SPLITS) {
    const name = itemsFile(split);
    for await (const { text } of linesOf(decodedText(name, store.read(id, name), 'utf-8'), 2 ** 24))
      yield lineSchema.parse(JSON.parse(text));
  }
}
