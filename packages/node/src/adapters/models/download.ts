/** Brings one source's bytes into a partial file, going on where it stopped, and says how far it is. */
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import { diskFull, sourceDead, storeUnavailable } from '@filon/core/model/errors';
import type { Clock } from '../../ports/clock.ts';
import type { PullProgress } from '../../ports/models.ts';
import { type FreeBytes, isNoSpace, requireSpace } from './disk-space.ts';
import type { PartialFile } from './partial-file.ts';
import type { OpenedSource, Source } from './source.ts';

/** Tries without a single new byte, before a source that has given some is left. */
const FRUITLESS_TRIES_MAX = 3;
const PROGRESS_INTERVAL_MS = 100;
/** A file of no stated length ends here. */
export const MODEL_BYTES_MAX: number = 2 ** 40;

export interface Download {
  source: Source;
  partial: PartialFile;
  /** Where space is needed. */
  folder: string;
  workFolder: string;
  expectedBytes: number | null;
  /** What the file begins with; null for files of any kind. */
  magic: string | null;
  signal: AbortSignal;
  onProgress(progress: PullProgress): void;
}

export interface DownloadMeans {
  /** Before a cut connection is made again; doubled while that brings nothing. */
  retryDelayMs: number;
  clock: Clock;
  freeBytes: FreeBytes;
}

/** Resolves to the hash that the source names, if it does. Codes: MODEL_SOURCE_DEAD, MODEL_DISK_FULL. */
export async function download(task: Download, means: DownloadMeans): Promise<string | null> {
  let fruitless = 0;
  for (;;) {
    const before = task.partial.bytes;
    try {
      return await attempt(task, means);
    } catch (error) {
      task.signal.throwIfAborted();
      if (isNoSpace(error)) throw await noSpace(task, means);
      const mended = explain(task.source.text, error);
      const hasBytes = task.partial.bytes > 0 && task.partial.identity !== null;
      if (!hasBytes || mended.code !== 'MODEL_SOURCE_DEAD') throw mended;
      fruitless = task.partial.bytes > before ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS_TRIES_MAX) throw mended;
      await means.clock.sleep(means.retryDelayMs * 2 ** fruitless, { signal: task.signal });
    }
  }
}

async function attempt(task: Download, means: DownloadMeans): Promise<string | null> {
  const { partial } = task;
  const report = reporter(task, means.clock);
  report('connecting', { doneBytes: partial.bytes, totalBytes: task.expectedBytes });
  const expectedOnDisk = (task.expectedBytes ?? 0) * task.source.copies - partial.bytes;
  await requireSpace(task.folder, expectedOnDisk, means.freeBytes);
  await using opened = await task.source.open({
    offset: partial.bytes,
    identity: partial.identity,
    expectedBytes: task.expectedBytes,
    workFolder: task.workFolder,
    signal: task.signal,
    onProgress: (doneBytes, totalBytes) => report('downloading', { doneBytes, totalBytes }),
  });
  if (opened.startOffset !== partial.bytes || opened.identity !== partial.identity) {
    await onDisk(task.folder, partial.restart(opened.identity));
    if (opened.startOffset !== 0)
      throw sourceDead(task.source.text, 'its file changed meanwhile; pull again');
  }
  await checkSize(task, opened, means.freeBytes);
  await receive(task, opened, (doneBytes) =>
    report(opened.phase, { doneBytes, totalBytes: opened.totalBytes ?? task.expectedBytes }),
  );
  return opened.sha256;
}

async function receive(task: Download, opened: OpenedSource, report: (bytes: number) => void): Promise<void> {
  const { partial, signal } = task;
  const text = task.source.text;
  const max = opened.totalBytes ?? MODEL_BYTES_MAX;
  try {
    for await (const chunk of opened.body) {
      signal.throwIfAborted();
      if (partial.bytes === 0 && task.magic !== null) checkMagic(text, chunk, task.magic);
      if (partial.bytes + chunk.length > max)
        throw sourceDead(text, `it sent more than the ${max} bytes it has`);
      await onDisk(task.folder, partial.append(chunk));
      report(partial.bytes);
    }
  } finally {
    // What came is kept even when the rest did not.
    if (partial.identity !== null) await onDisk(task.folder, partial.sync());
  }
  if (opened.totalBytes !== null && partial.bytes < opened.totalBytes) {
    throw sourceDead(text, `it stopped after ${partial.bytes} of ${opened.totalBytes} bytes`);
  }
}

/** Our disk's failures are not the source's. A full one is told apart further up. */
async function onDisk(folder: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw isNoSpace(error) ? error : storeUnavailable(folder, messageOf(error), error);
  }
}

/** A web page in place of a model is known by its first bytes, not after gigabytes. */
function checkMagic(source: string, chunk: Uint8Array, magic: string): void {
  const begin = Buffer.from(chunk.subarray(0, magic.length)).toString('latin1');
  if (magic.startsWith(begin)) return;
  throw new FilonError(
    { code: 'GGUF_NOT_GGUF', file: source, firstBytes: Buffer.from(begin, 'latin1').toString('hex') },
    `${source} is not a GGUF model: what it sends begins with ${JSON.stringify(begin)}; choose a .gguf file`,
  );
}

async function checkSize(task: Download, opened: OpenedSource, freeBytes: FreeBytes): Promise<void> {
  if (opened.totalBytes === null) return;
  if (opened.totalBytes > MODEL_BYTES_MAX || opened.totalBytes <= 0) {
    throw sourceDead(task.source.text, `its file has ${opened.totalBytes} bytes`);
  }
  await requireSpace(task.folder, opened.totalBytes - task.partial.bytes, freeBytes);
}

async function noSpace(task: Download, means: DownloadMeans): Promise<FilonError> {
  const free = await means.freeBytes(task.folder).catch(() => 0);
  const left = (task.expectedBytes ?? task.partial.bytes) - task.partial.bytes;
  return diskFull(task.folder, { neededBytes: Math.max(left, 1), freeBytes: free });
}

function explain(source: string, error: unknown): FilonError {
  if (isFilonError(error)) return error;
  return sourceDead(source, messageOf(error), { cause: error });
}

type Report = (phase: PullProgress['phase'], sizes: { doneBytes: number; totalBytes: number | null }) => void;

/** At most one report in a while, except where a phase begins or ends. */
export function reporter(task: Pick<Download, 'source' | 'onProgress'>, clock: Clock): Report {
  let lastPhase = '';
  let lastMs = Number.NEGATIVE_INFINITY;
  return (phase, { doneBytes, totalBytes }) => {
    const nowMs = clock.monotonicMs();
    const isEdge = phase !== lastPhase || doneBytes === totalBytes;
    if (!isEdge && nowMs - lastMs < PROGRESS_INTERVAL_MS) return;
    lastPhase = phase;
    lastMs = nowMs;
    task.onProgress({ phase, source: task.source.text, doneBytes, totalBytes });
  };
}
