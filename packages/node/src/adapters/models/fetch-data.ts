/** Brings files of training data from the web and the hub, in the same way as models, and keeps them until they are removed. */
import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isFilonError, messageOf } from '@filon/core/errors';
import { dataDiskFull, dataSourceDead, dataStoreUnavailable } from '@filon/core/training/data/errors';
import { formatOfName } from '@filon/core/training/data/source';
import type { Clock } from '../../ports/clock.ts';
import { type FreeBytes, freeBytesOnDisk } from './disk-space.ts';
import { download } from './download.ts';
import { createHubSource, listHubData } from './hf-source.ts';
import { HTTP_LIMITS, type HttpLimits } from './http-get.ts';
import { createHttpsSource } from './https-source.ts';
import { PartialFile } from './partial-file.ts';
import { takeLock } from './process-lock.ts';
import type { Source } from './source.ts';

const HUB_URL = 'https://huggingface.co';
const RETRY_DELAY_MS = 500;
/** Of one data set of the hub. */
export const HUB_FILES_MAX = 1000;

export interface DataFetching {
  /** Where the files are kept. */
  folder: string;
  clock: Clock;
  freeBytes?: FreeBytes;
  http?: Partial<HttpLimits>;
  hubUrl?: string;
  retryDelayMs?: number;
}

interface Wanted {
  text: string;
  address: { kind: 'https'; url: string } | { kind: 'hf'; repo: string; path: string };
}

interface Options {
  signal: AbortSignal;
  onProgress(progress: { name: string; doneBytes: number; totalBytes: number | null }): void;
}

/** Codes: DATA_SOURCE_DEAD, DATA_DISK_FULL, DATA_STORE_UNAVAILABLE. */
export function createDataFetcher(
  fetching: DataFetching,
): (wanted: Wanted, options: Options) => Promise<{ name: string; path: string }[]> {
  const limits = { ...HTTP_LIMITS, ...fetching.http };
  const hubUrl = fetching.hubUrl ?? HUB_URL;
  const sourcesOf = async ({ text, address }: Wanted, signal: AbortSignal): Promise<[string, Source][]> => {
    if (address.kind === 'https') {
      const name = basename(new URL(address.url).pathname) || 'data';
      return [[name, createHttpsSource({ text, url: address.url }, limits)]];
    }
    const { repo, path } = address;
    const listed =
      formatOfName(path) === null
        ? await listHubData({ text, repo, path }, { limits, hubUrl, signal, filesMax: HUB_FILES_MAX })
        : [path];
    const files = listed.filter((file) => isData(file));
    if (files.length === 0) throw dataSourceDead(text, 'it has no file of a known format');
    return files.map((file) => [
      file,
      createHubSource({ text: `hf:${repo}/${file}`, repo, file, isData: true }, limits, hubUrl),
    ]);
  };
  return async (wanted, options) => {
    try {
      const found: { name: string; path: string }[] = [];
      for (const [name, source] of await sourcesOf(wanted, options.signal))
        found.push({ name, path: await fetched({ name, source }, fetching, options) });
      return found;
    } catch (error) {
      options.signal.throwIfAborted();
      throw inDataWords(wanted.text, fetching.folder, error);
    }
  };
}

/** A data set's own description is no data. */
function isData(file: string): boolean {
  const format = formatOfName(file);
  return format !== null && (format !== 'text' || !/^(readme|licen[cs]e)\b/i.test(basename(file)));
}

/** What was fetched once stays as it was: a run that is resumed must find the same bytes. */
async function fetched(
  { name, source }: { name: string; source: Source },
  { folder, clock, freeBytes = freeBytesOnDisk, retryDelayMs = RETRY_DELAY_MS }: DataFetching,
  { signal, onProgress }: Options,
): Promise<string> {
  const key = createHash('sha256').update(source.text).digest('hex').slice(0, 32);
  const target = join(folder, key);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  using _lock = await takeLock(`${target}.lock`, { clock, signal });
  if ((await stat(target).catch(() => null)) !== null) return target;
  await using partial = await PartialFile.open(`${target}.part`, { signal, onHashed: () => {} });
  const task = { source, partial, folder, workFolder: folder, expectedBytes: null, magic: null, signal };
  const sha256 = await download(
    { ...task, onProgress: ({ doneBytes, totalBytes }) => onProgress({ name, doneBytes, totalBytes }) },
    { retryDelayMs, clock, freeBytes },
  );
  if (sha256 !== null && sha256 !== partial.sha256()) {
    await partial.drop();
    throw dataSourceDead(source.text, 'its bytes are not those that the hub names; they were dropped');
  }
  await partial.moveTo(target);
  return target;
}

function inDataWords(source: string, folder: string, error: unknown): unknown {
  if (!isFilonError(error) || error.code.startsWith('DATA_')) return error;
  const { details } = error;
  if ('neededBytes' in details && 'freeBytes' in details)
    return dataDiskFull(
      folder,
      { neededBytes: Number(details.neededBytes), freeBytes: Number(details.freeBytes) },
      error,
    );
  const reason = 'reason' in details ? String(details.reason) : messageOf(error);
  return error.code === 'MODEL_SOURCE_DEAD'
    ? dataSourceDead(source, reason, error)
    : dataStoreUnavailable(folder, reason, error);
}
