/** From a name's sources to one checked file on the shelf: each source in turn, each failure kept for the error. */
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FilonError, isFilonError, messageOf } from '@filon/core/errors';
import {
  diskFull,
  hashMismatch,
  type SourceFailure,
  sourcesExhausted,
  storeUnavailable,
} from '@filon/core/model/errors';
import { type LoraFacts, loraFacts } from '@filon/core/model/lora';
import { readGgufHeader } from '@filon/engine/gguf/header';
import { readLoraHeader } from '@filon/engine/gguf/lora-header';
import type { PullProgress, StoredModel } from '../../ports/models.ts';
import { isNoSpace } from './disk-space.ts';
import { type DownloadMeans, download, reporter } from './download.ts';
import { PartialFile } from './partial-file.ts';
import type { Pins } from './pins.ts';
import { takeLock } from './process-lock.ts';
import type { Manifest, Shelf } from './shelf.ts';
import type { Source } from './source.ts';

export interface Wanted {
  name: string;
  sources: readonly Source[];
  /** Of the catalogue; null when it leaves that to the first pull. */
  sha256: string | null;
  bytes: number | null;
  /** What the file is to be added to; null: it is a whole model. */
  base: StoredModel | null;
}

export interface Fetching {
  signal: AbortSignal;
  onProgress(progress: PullProgress): void;
  /** Takes changed content and remembers it instead of the old. */
  repin: boolean;
}

export interface FetchMeans extends DownloadMeans {
  /** `models` in the node's home. */
  folder: string;
  shelf: Shelf;
  pins: Pins;
}

/** Another source would not help. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'MODEL_DISK_FULL',
  'MODEL_STORE_UNAVAILABLE',
  'MODEL_ARCHITECTURE_UNSUPPORTED',
  'GGUF_SPLIT',
]);

/** Codes: MODEL_SOURCE_DEAD or MODEL_SOURCES_EXHAUSTED, MODEL_HASH_MISMATCH, MODEL_DISK_FULL, GGUF_*, MODEL_ARCHITECTURE_*. */
export async function fetchModel(
  wanted: Wanted,
  fetching: Fetching,
  means: FetchMeans,
): Promise<StoredModel> {
  const failures: FilonError[] = [];
  for (const source of wanted.sources) {
    try {
      return await fetchFrom(source, wanted, { fetching, means });
    } catch (error) {
      fetching.signal.throwIfAborted();
      const known = isFilonError(error) ? error : await storeFailure(error, wanted, means);
      if (FINAL_CODES.has(known.code)) throw known;
      failures.push(known);
    }
  }
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) throw first;
  const listed = failures.map((error, index): SourceFailure => {
    const source = wanted.sources[index]?.text ?? '';
    return { source, code: error.code, reason: reasonOf(error) };
  });
  throw sourcesExhausted(wanted.name, listed);
}

/** Sources explain their own failures, so what the system says else is about our folder. The rest are bugs. */
async function storeFailure(error: unknown, wanted: Wanted, means: FetchMeans): Promise<FilonError> {
  const isFromSystem = error instanceof Error && 'code' in error;
  if (!isFromSystem) throw error;
  if (!isNoSpace(error)) return storeUnavailable(means.folder, messageOf(error), error);
  const freeBytes = await means.freeBytes(means.folder).catch(() => 0);
  return diskFull(means.folder, { neededBytes: wanted.bytes ?? 1, freeBytes });
}

function reasonOf(error: FilonError): string {
  const { details } = error;
  return 'reason' in details && typeof details.reason === 'string' ? details.reason : error.message;
}

interface Task {
  fetching: Fetching;
  means: FetchMeans;
}

async function fetchFrom(source: Source, wanted: Wanted, task: Task): Promise<StoredModel> {
  const { fetching, means } = task;
  const key = createHash('sha256').update(source.text).digest('hex').slice(0, 32);
  const lockPath = join(means.folder, 'locks', key);
  using _lock = await takeLock(lockPath, { clock: means.clock, signal: fetching.signal });
  const expected = expectedHash(wanted, { source, task });
  const earlier = await takeEarlier(source, wanted, { expected, task });
  if (earlier !== null) return earlier;
  const workFolder = join(means.folder, 'partial', `${key}.work`);
  await mkdir(workFolder, { recursive: true, mode: 0o700 });
  const report = reporter({ source, onProgress: fetching.onProgress }, means.clock);
  await using partial = await PartialFile.open(join(means.folder, 'partial', `${key}.part`), {
    signal: fetching.signal,
    onHashed: (doneBytes, totalBytes) => report('verifying', { doneBytes, totalBytes }),
  });
  const manifest = await bring(partial, { source, wanted, expected, workFolder, task });
  const model = { ...manifest, pulledAtMs: means.clock.nowMs() };
  await store(model, partial, means);
  await rm(workFolder, { recursive: true, force: true });
  return means.shelf.stored(model);
}

interface Bringing {
  source: Source;
  wanted: Wanted;
  expected: Expected | null;
  workFolder: string;
  task: Task;
}

/** Downloads and checks. What proves to be wrong is dropped, so that the next try begins anew. */
async function bring(partial: PartialFile, bringing: Bringing): Promise<Omit<Manifest, 'pulledAtMs'>> {
  const { source, wanted, workFolder } = bringing;
  const { fetching, means } = bringing.task;
  const { signal, onProgress } = fetching;
  const work = {
    source,
    partial,
    workFolder,
    folder: means.folder,
    expectedBytes: wanted.bytes,
    magic: 'GGUF',
    signal,
    onProgress,
  };
  let isWhole = false;
  try {
    const named = await download(work, means);
    isWhole = true;
    reporter(work, means.clock)('verifying', { doneBytes: partial.bytes, totalBytes: partial.bytes });
    return await check(partial, { ...bringing, named });
  } catch (error) {
    if (!signal.aborted && (isWhole || partial.bytes === 0)) await partial.drop();
    if (!signal.aborted && (isWhole || isFilonError(error, 'MODEL_SOURCE_DEAD'))) {
      await rm(workFolder, { recursive: true, force: true });
    }
    throw error;
  }
}

async function store(model: Manifest, partial: PartialFile, { pins, shelf }: FetchMeans): Promise<void> {
  const before = (await shelf.manifests()).find((other) => other.name === model.name);
  pins.pin(model.source, { sha256: model.sha256, bytes: model.bytes });
  // The manifest shows nothing until the file is in its place.
  await shelf.putManifest(model);
  await partial.moveTo(shelf.blobPath(model.sha256));
  if (before !== undefined && before.sha256 !== model.sha256) await shelf.dropBlob(before.sha256, model.name);
}

interface Expected {
  sha256: string;
  pinned: boolean;
}

function expectedHash(wanted: Wanted, { source, task }: { source: Source; task: Task }): Expected | null {
  if (wanted.sha256 !== null) return { sha256: wanted.sha256, pinned: false };
  if (task.fetching.repin) return null;
  const texts = [source.text, ...wanted.sources.map((other) => other.text)];
  const pin = texts.map((text) => task.means.pins.find(text)).find((found) => found !== null);
  return pin === undefined || pin === null ? null : { sha256: pin.sha256, pinned: true };
}

/** What another process stored while this one waited, or the same file under another name. */
async function takeEarlier(
  source: Source,
  wanted: Wanted,
  { expected, task }: { expected: Expected | null; task: Task },
): Promise<StoredModel | null> {
  const { shelf, clock } = task.means;
  // A LoRA is checked with the base that it is for.
  const models = (await shelf.manifests()).filter(({ lora }) => lora?.base === wanted.base?.sha256);
  if (expected === null) {
    const mayChange = task.fetching.repin || source.text.startsWith('file:');
    const isSame = (model: Manifest): boolean => model.name === wanted.name && model.source === source.text;
    const there = mayChange ? undefined : models.find(isSame);
    return there === undefined ? null : shelf.stored(there);
  }
  const same = models.filter((model) => model.sha256 === expected.sha256);
  const named = same.find((model) => model.name === wanted.name);
  const [any] = same;
  if (named !== undefined || any === undefined) return named === undefined ? null : shelf.stored(named);
  const renamed = { ...any, name: wanted.name, source: source.text, pulledAtMs: clock.nowMs() };
  await shelf.putManifest(renamed);
  return shelf.stored(renamed);
}

interface Checked {
  source: Source;
  wanted: Wanted;
  expected: Expected | null;
  /** The hash that the source itself names. */
  named: string | null;
}

async function check(
  partial: PartialFile,
  { source, wanted, expected, named }: Checked,
): Promise<Omit<Manifest, 'pulledAtMs'>> {
  const actual = partial.sha256();
  if (expected !== null && actual !== expected.sha256) {
    throw hashMismatch(source.text, { expected: expected.sha256, actual, pinned: expected.pinned });
  }
  if (named !== null && actual !== named) {
    throw hashMismatch(source.text, { expected: named, actual, pinned: false });
  }
  const file = { name: wanted.name, sha256: actual, bytes: partial.bytes, source: source.text };
  if (wanted.base !== null) return { ...file, ...(await checkLora(partial.path, wanted.base, source)) };
  const header = await readGgufHeader(partial.path, { label: source.text });
  return {
    ...file,
    architecture: header.architecture,
    quantization: header.quantization,
    parameters: header.parameters,
    trainedContextTokens: header.contextTokens,
    licence: header.licence,
  };
}

/** Codes: GGUF_*, LORA_*. */
async function checkLora(path: string, base: StoredModel, source: Source): Promise<LoraFacts> {
  const { architecture, tensors } = await readGgufHeader(base.path, { label: base.name });
  const on = { architecture, tensors, sha256: base.sha256 };
  return loraFacts(await readLoraHeader(path, on, { label: source.text }), base);
}
