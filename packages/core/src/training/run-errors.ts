/** What can go wrong with a run, beside its data, its recipe and its trainer. */
import { type ErrorDetails, FilonError } from '../errors.ts';
import { formatBytes } from '../units.ts';

export type RunErrorDetails =
  | { code: 'TRAIN_RUN_UNKNOWN'; run: string; known: string[] }
  /** What it is in does not allow what was asked for. */
  | { code: 'TRAIN_RUN_STATE'; run: string; state: string }
  /** Right in itself, and nothing that this program can train. */
  | { code: 'TRAIN_RECIPE_UNSUPPORTED'; field: string; reason: string }
  | { code: 'TRAIN_BASE_MISSING'; model: string }
  /** Another file than the one that the run began with. */
  | { code: 'TRAIN_BASE_CHANGED'; model: string; expected: string; actual: string }
  /** Nothing that it could learn from. */
  | { code: 'TRAIN_NO_TOKENS'; manifest: string }
  | { code: 'TRAIN_DISK_FULL'; path: string; neededBytes: number; freeBytes: number }
  /** The folder of runs, or a file in it, cannot be read or written. */
  | { code: 'TRAIN_FOLDER_UNAVAILABLE'; folder: string; reason: string }
  /** There is none to go on from or to take a result of. */
  | { code: 'TRAIN_NO_CHECKPOINT'; run: string }
  | { code: 'TRAIN_TOO_MANY_RUNS'; runsMax: number }
  /** The same data, taken apart by another tokenizer, than what the run began with. */
  | { code: 'TRAIN_DATA_CHANGED'; run: string };

function runError<D extends RunErrorDetails & ErrorDetails>(
  details: D,
  message: string,
  cause?: unknown,
): FilonError<D> {
  return new FilonError<D>(details, message, cause === undefined ? undefined : { cause });
}

export function runUnknown(run: string, known: string[]): FilonError {
  const hint = known.length === 0 ? 'there is none yet' : `there are ${known.join(', ')}`;
  return runError({ code: 'TRAIN_RUN_UNKNOWN', run, known }, `no run is called "${run}"; ${hint}`);
}

export function runState(run: string, state: string, what: string): FilonError {
  return runError({ code: 'TRAIN_RUN_STATE', run, state }, `${run} is ${state}: ${what}`);
}

export function recipeUnsupported(field: string, reason: string): FilonError {
  return runError(
    { code: 'TRAIN_RECIPE_UNSUPPORTED', field, reason },
    `${field} cannot be had yet: ${reason}`,
  );
}

export function baseMissing(model: string): FilonError {
  return runError(
    { code: 'TRAIN_BASE_MISSING', model },
    `the base ${model} is not here; \`filon pull ${model}\` fetches it`,
  );
}

export function baseChanged(model: string, hashes: { expected: string; actual: string }): FilonError {
  return runError(
    { code: 'TRAIN_BASE_CHANGED', model, ...hashes },
    `${model} is another file than when the run began (${hashes.actual.slice(0, 12)}, not ${hashes.expected.slice(0, 12)}); begin a new run`,
  );
}

export function noTokens(manifest: string): FilonError {
  return runError(
    { code: 'TRAIN_NO_TOKENS', manifest },
    'nothing of the data can be learned: no item gave tokens; `filon data inspect` shows what was left out',
  );
}

export function trainDiskFull(path: string, sizes: { neededBytes: number; freeBytes: number }): FilonError {
  return runError(
    { code: 'TRAIN_DISK_FULL', path, ...sizes },
    `no room on the disk for ${path}: ${formatBytes(sizes.neededBytes)} are needed, ${formatBytes(sizes.freeBytes)} are free; free some and resume`,
  );
}

export function folderUnavailable(folder: string, reason: string, cause?: unknown): FilonError {
  return runError(
    { code: 'TRAIN_FOLDER_UNAVAILABLE', folder, reason },
    `${folder} cannot be used: ${reason}`,
    cause,
  );
}

export function noCheckpoint(run: string): FilonError {
  return runError({ code: 'TRAIN_NO_CHECKPOINT', run }, `${run} has no checkpoint yet; let it train first`);
}

export function tooManyRuns(runsMax: number): FilonError {
  return runError(
    { code: 'TRAIN_TOO_MANY_RUNS', runsMax },
    `${runsMax} runs are kept at most; remove folders of old ones from the home’s folder \`training\``,
  );
}

export function dataChanged(run: string): FilonError {
  return runError(
    { code: 'TRAIN_DATA_CHANGED', run },
    `the data of ${run} is not what it began with; begin a new run`,
  );
}
