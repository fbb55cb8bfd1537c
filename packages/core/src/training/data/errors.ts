/** What can go wrong between somebody's files and batches of tokens. */
import { FilonError } from '../../errors.ts';
import { formatBytes } from '../../units.ts';

export type DataErrorDetails =
  /** Not one of the forms that sources of data have. */
  | { code: 'DATA_SOURCE_INVALID'; source: string; reason: string }
  /** Nothing could be had from it; `reason` is for people. */
  | { code: 'DATA_SOURCE_DEAD'; source: string; reason: string }
  /** A source to be forgotten that the manifest does not have. */
  | { code: 'DATA_SOURCE_UNKNOWN'; source: string; known: string[] }
  /** The ending says nothing, and the recipe neither. */
  | { code: 'DATA_FORMAT_UNKNOWN'; file: string }
  /** Not text at all. `line` counts from 1, `offset` bytes from 0. */
  | { code: 'DATA_BINARY'; file: string; line: number; offset: number }
  /** Text in no encoding, or in more than one. */
  | { code: 'DATA_ENCODING'; file: string; line: number; offset: number; encoding: string }
  | { code: 'DATA_COLUMNS_MISSING'; file: string; line: number; missing: string[]; found: string[] }
  /** A file that breaks the rules of its format as a whole; `line` null where it has none. */
  | { code: 'DATA_FILE_INVALID'; file: string; line: number | null; reason: string }
  /** So many lines are no items that the file must be something else than it seems. */
  | { code: 'DATA_TOO_MANY_BAD'; file: string; line: number; bad: number; seen: number; reason: string }
  /** Nothing is left to train on. */
  | { code: 'DATA_EMPTY'; sources: string[]; dropped: Record<string, number> }
  | { code: 'DATA_TOO_LARGE'; what: string; actual: number; max: number }
  | { code: 'DATA_DISK_FULL'; folder: string; neededBytes: number; freeBytes: number }
  /** The folder of prepared data cannot be read or written. */
  | { code: 'DATA_STORE_UNAVAILABLE'; folder: string; reason: string }
  | { code: 'DATA_MANIFEST_INVALID'; manifest: string; reason: string }
  | { code: 'DATA_SHARD_INVALID'; shard: string; reason: string }
  /** A chat template in which the answer's tokens cannot be told from the rest. */
  | { code: 'DATA_TEMPLATE_UNSTABLE'; turn: number; reason: string };

export type DataError = FilonError<DataErrorDetails>;

export function dataError(details: DataErrorDetails, message: string, cause?: unknown): DataError {
  return new FilonError<DataErrorDetails>(details, message, cause === undefined ? undefined : { cause });
}

export function dataSourceInvalid(source: string, reason: string): DataError {
  return dataError(
    { code: 'DATA_SOURCE_INVALID', source, reason },
    `"${source}" is not a source of data: ${reason}`,
  );
}

export function dataSourceDead(source: string, reason: string, cause?: unknown): DataError {
  return dataError(
    { code: 'DATA_SOURCE_DEAD', source, reason },
    `no data came from ${source}: ${reason}`,
    cause,
  );
}

export function formatUnknown(file: string): DataError {
  return dataError(
    { code: 'DATA_FORMAT_UNKNOWN', file },
    `the format of ${file} is not clear from its ending; name it in the recipe ("format": "text", "jsonl", "csv", "parquet" or "pdf")`,
  );
}

export function binaryData(file: string, place: { line: number; offset: number }): DataError {
  return dataError(
    { code: 'DATA_BINARY', file, ...place },
    `${file} is not text: byte ${place.offset} (line ${place.line}) occurs in no text; leave the file out, or name its true format`,
  );
}

export function encodingBad(
  file: string,
  place: { line: number; offset: number; encoding: string },
  advice: string,
): DataError {
  return dataError(
    { code: 'DATA_ENCODING', file, ...place },
    `${file} is not ${place.encoding} throughout: line ${place.line}, byte ${place.offset}; ${advice}`,
  );
}

export function columnsMissing(
  file: string,
  names: { line: number; missing: string[]; found: string[] },
): DataError {
  const found = names.found.length === 0 ? 'no columns' : names.found.map((name) => `"${name}"`).join(', ');
  const missing = names.missing.map((name) => `"${name}"`).join(', ');
  return dataError(
    { code: 'DATA_COLUMNS_MISSING', file, ...names },
    `${file}, line ${names.line}, lacks ${missing}; it has ${found}. Name the columns in the recipe's "columns"`,
  );
}

export function fileInvalid(
  file: string,
  fault: { line: number | null; reason: string },
  cause?: unknown,
): DataError {
  const place = fault.line === null ? file : `${file}, line ${fault.line}`;
  return dataError(
    { code: 'DATA_FILE_INVALID', file, ...fault },
    `${place} cannot be read: ${fault.reason}`,
    cause,
  );
}

export function tooManyBad(
  file: string,
  fault: { line: number; bad: number; seen: number; reason: string },
): DataError {
  return dataError(
    { code: 'DATA_TOO_MANY_BAD', file, ...fault },
    `${fault.bad} of the first ${fault.seen} records of ${file} are no items, the first in line ${fault.line} (${fault.reason}); mend the file, or name its format and columns in the recipe`,
  );
}

export function dataEmpty(sources: string[], dropped: Record<string, number>): DataError {
  const counts = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  const why = counts.length === 0 ? 'there was nothing in them' : `dropped: ${counts.join(', ')}`;
  return dataError(
    { code: 'DATA_EMPTY', sources, dropped },
    `nothing is left to train on from ${sources.join(', ')}: ${why}`,
  );
}

export function dataTooLarge(what: string, actual: number, max: number): DataError {
  return dataError(
    { code: 'DATA_TOO_LARGE', what, actual, max },
    `${actual} ${what} are more than the ${max} that are taken; give less, or several manifests`,
  );
}

export function dataDiskFull(
  folder: string,
  sizes: { neededBytes: number; freeBytes: number },
  cause?: unknown,
): DataError {
  return dataError(
    { code: 'DATA_DISK_FULL', folder, ...sizes },
    `the disk is too full: ${formatBytes(sizes.neededBytes)} more are needed in ${folder}, and ${formatBytes(sizes.freeBytes)} are free; make room, or choose a larger disk with --home. Nothing half written was kept`,
    cause,
  );
}

export function dataStoreUnavailable(folder: string, reason: string, cause?: unknown): DataError {
  return dataError(
    { code: 'DATA_STORE_UNAVAILABLE', folder, reason },
    `the folder of prepared data ${folder} cannot be used: ${reason}`,
    cause,
  );
}

export function shardInvalid(shard: string, reason: string): DataError {
  return dataError(
    { code: 'DATA_SHARD_INVALID', shard, reason },
    `the shard ${shard} cannot be used: ${reason}; prepare the data again`,
  );
}

export function manifestInvalid(manifest: string, reason: string, cause?: unknown): DataError {
  return dataError(
    { code: 'DATA_MANIFEST_INVALID', manifest, reason },
    `the data manifest ${manifest} cannot be used: ${reason}`,
    cause,
  );
}

export function templateUnstable(turn: number, reason: string): DataError {
  return dataError(
    { code: 'DATA_TEMPLATE_UNSTABLE', turn, reason },
    `this model's chat template does not let the answers be told from the rest (turn ${turn}): ${reason}; use data of the form prompt/completion, or another base model`,
  );
}

export function sourceUnknown(source: string, known: string[]): DataError {
  return dataError(
    { code: 'DATA_SOURCE_UNKNOWN', source, known },
    `the manifest has no source "${source}"; its sources are ${known.join(', ')}`,
  );
}
