/**
 * From sources to items: read, personal data removed, made into items, what is double left out, split. One pass with
 * bounded memory, in an order that depends on the sources alone. What is left out is counted by reason.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dataEmpty, formatUnknown, tooManyBad } from '@filon/core/training/data/errors';
import type { ManifestFile, ManifestSource } from '@filon/core/training/data/manifest';
import { formatOfName } from '@filon/core/training/data/source';
import type { Split, SplitRule } from '@filon/core/training/data/split';
import type { DropReason, Item } from '@filon/core/training/item';
import type { ReadItem } from '@filon/core/training/read-item';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import type { DataFile, DataFiles } from '../../ports/data-files.ts';
import { Kept } from './kept.ts';
import { PersonalData } from './personal/remove.ts';
import type { PersonalKind } from './personal/span.ts';
import { type ReadableFile, readRecords } from './read-records.ts';
import { recordItems } from './record-items.ts';
import { surveyText } from './survey.ts';

export interface GatherOrder {
  /** In the order in which they count: of two equal texts the first stays. */
  sources: readonly RecipeSource[];
  /** Never trained on, and nothing like it is. */
  heldOut: RecipeSource | null;
  rule: SplitRule;
  /** 1 to 1000, or null for none. */
  nearPerMille: number | null;
  /** Values that are public; null where personal data stays. */
  personal: { keep: readonly string[] } | null;
  /** The folder that `file:` counts from. */
  base: string;
}

export interface GatheredItem {
  item: Item;
  split: Split;
  /** sha256 of the normalised text. */
  hash: Uint8Array;
  /** Numbers in the manifest. */
  source: number;
  file: number;
  line: number;
}

export interface PersonalPlace {
  kind: PersonalKind;
  value: string;
  source: string;
  file: string;
  line: number;
}

export interface GatherProgress {
  name: string;
  doneBytes: number;
  totalBytes: number | null;
}

export interface GatherWork {
  files: DataFiles;
  signal: AbortSignal;
  onItem(item: GatheredItem): Promise<void> | void;
  onPersonal(place: PersonalPlace): void;
  onDropped?(reason: DropReason, place: { file: string; line: number }): void;
  onProgress(progress: GatherProgress): void;
}

/** Of the records of a file, so many may be none. */
const BAD_SHARE_MAX = 0.1;
const BAD_MIN = 10;
const BAD: ReadonlySet<DropReason> = new Set(['json-invalid', 'line-too-long', 'row-invalid', 'not-an-item']);
const BREATHE_EVERY_RECORDS = 64;

/** What the manifest says of each source. Codes: DATA_*. */
export async function gather(order: GatherOrder, work: GatherWork): Promise<ManifestSource[]> {
  const kept = new Kept(order.nearPerMille);
  const sources: ManifestSource[] = [];
  const found: DataFile[][] = [];
  const planned = [
    ...(order.heldOut === null ? [] : [{ source: order.heldOut, use: 'held-out' as const }]),
    ...order.sources.map((source) => ({ source, use: 'data' as const })),
  ];
  for (const { source, use } of planned) {
    const { name, source: from, licence, origin } = source;
    const manifest: ManifestSource = { name, source: from, licence, origin, use, files: [], dropped: {} };
    sources.push(manifest);
    const { signal, onProgress } = work;
    found.push(await work.files.find(source, { base: order.base, signal, onProgress }));
  }
  const meter = new ByteMeter(found.flat(), work.onProgress);
  for (const [number, { source }] of planned.entries()) {
    const manifest = sources[number];
    for (const file of found[number] ?? []) {
      if (manifest === undefined) continue;
      const reader = new FileReader({ order, work, kept, manifest, number, meter });
      manifest.files.push(await reader.read(source, file));
      meter.end(file);
    }
  }
  const left = sources.filter(({ use }) => use === 'data').flatMap(({ files }) => files);
  if (left.every((file) => file.kept === 0))
    throw dataEmpty(
      order.sources.map(({ source }) => source),
      totals(sources),
    );
  return sources;
}

function totals(sources: readonly ManifestSource[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { dropped } of sources)
    for (const [reason, count] of Object.entries(dropped)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

interface Reading {
  order: GatherOrder;
  work: GatherWork;
  kept: Kept;
  manifest: ManifestSource;
  number: number;
  meter: ByteMeter;
}

/** Every file is read twice, to be looked at and to be taken: half of its bytes count each time. */
class ByteMeter {
  readonly #onProgress: GatherWork['onProgress'];
  readonly #totalBytes: number;
  #before = 0;
  #taken = 0;

  constructor(files: readonly DataFile[], onProgress: GatherWork['onProgress']) {
    this.#onProgress = onProgress;
    this.#totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async *count(file: DataFile, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#taken = Math.min(file.bytes, this.#taken + chunk.length / 2);
      this.#tell(file.name);
      yield chunk;
    }
  }

  end(file: DataFile): void {
    this.#before += file.bytes;
    this.#taken = 0;
    this.#tell(file.name);
  }

  #tell(name: string): void {
    const doneBytes = Math.floor(this.#before + this.#taken);
    this.#onProgress({ name, doneBytes, totalBytes: this.#totalBytes });
  }
}

class FileReader {
  readonly #reading: Reading;
  #items = 0;
  #kept = 0;
  #seen = 0;
  #bad = 0;
  #firstBad: { line: number; reason: DropReason } | null = null;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  async read(source: RecipeSource, file: DataFile): Promise<ManifestFile> {
    const { work, order } = this.#reading;
    const format = source.format ?? formatOfName(file.name);
    if (format === null) throw formatUnknown(file.name);
    const survey = await this.#survey({ file, format, encoding: source.encoding ?? null });
    const readable: ReadableFile = { file, format, source, encoding: survey.encoding ?? 'utf-8' };
    const place = { source: source.name, file: file.name, line: 0 };
    const personal =
      order.personal === null
        ? null
        : new PersonalData(order.personal.keep, (found) => work.onPersonal({ ...found, ...place }));
    const { meter } = this.#reading;
    const counted: DataFiles = {
      ...work.files,
      read: (each, options) => meter.count(file, work.files.read(each, options)),
    };
    for await (const record of readRecords(readable, counted, work.signal)) {
      work.signal.throwIfAborted();
      place.line = record.line;
      this.#seen++;
      for (const read of recordItems(record, source, personal))
        await this.#take(read, { file, line: record.line });
      // Adapters in memory never wait for anything.
      if (this.#seen % BREATHE_EVERY_RECORDS === 0) await nextTurn();
    }
    this.#checkBad(file, true);
    return { name: file.name, ...survey, format, items: this.#items, kept: this.#kept };
  }

  async #survey(asked: {
    file: DataFile;
    format: NonNullable<RecipeSource['format']>;
    encoding: RecipeSource['encoding'] | null;
  }): Promise<Pick<ManifestFile, 'sha256' | 'bytes' | 'encoding'>> {
    const { work } = this.#reading;
    const { file, format } = asked;
    const chunks = this.#reading.meter.count(file, work.files.read(file, { signal: work.signal }));
    if (format !== 'parquet' && format !== 'pdf')
      return surveyText(file.name, chunks, asked.encoding ?? null);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    return { sha256: hash.digest('hex'), bytes, encoding: null };
  }

  async #take(read: ReadItem, { file, line }: { file: DataFile; line: number }): Promise<void> {
    if ('dropped' in read) return this.#drop(read.dropped, file, line);
    const { kept, manifest, order, work, number } = this.#reading;
    this.#items++;
    const place = kept.take(read.item, manifest.use === 'held-out' ? null : order.rule);
    if ('dropped' in place) return this.#drop(place.dropped, file, line);
    this.#kept++;
    await work.onItem({ item: read.item, ...place, source: number, file: manifest.files.length, line });
  }

  #drop(reason: DropReason, file: DataFile, line: number): void {
    const { dropped } = this.#reading.manifest;
    dropped[reason] = (dropped[reason] ?? 0) + 1;
    this.#reading.work.onDropped?.(reason, { file: file.name, line });
    if (!BAD.has(reason)) return;
    this.#bad++;
    this.#firstBad ??= { line, reason };
    this.#checkBad(file, false);
  }

  /** A file that is mostly something else is refused early, and one of a few lines at its end. */
  #checkBad(file: DataFile, isOver: boolean): void {
    if (this.#firstBad === null) return;
    const isBad = this.#bad > this.#seen * BAD_SHARE_MAX && (this.#bad >= BAD_MIN || isOver);
    if (isBad) throw tooManyBad(file.name, { ...this.#firstBad, bad: this.#bad, seen: this.#seen });
  }
}
