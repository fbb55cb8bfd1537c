/** What can go wrong between a model's name and its checked file. */
import { FilonError } from '../errors.ts';
import { formatBytes } from '../units.ts';

export type ModelErrorDetails =
  /** Neither in the catalogue nor pulled. `nearest` may be what was meant. */
  | { code: 'MODEL_NAME_UNKNOWN'; name: string; nearest: string[] }
  /** Not one of the forms that sources have. */
  | { code: 'MODEL_SOURCE_INVALID'; source: string; reason: string }
  /** One source gave no model; `reason` is for people, `status` an HTTP status. */
  | { code: 'MODEL_SOURCE_DEAD'; source: string; reason: string; status?: number }
  /** None of several sources gave the model. */
  | {
      code: 'MODEL_SOURCES_EXHAUSTED';
      name: string;
      failures: { source: string; code: string; reason: string }[];
    }
  /** The bytes are not those that the catalogue or the first pull names; they were dropped. */
  | { code: 'MODEL_HASH_MISMATCH'; source: string; expected: string; actual: string }
  /** Not enough room in the node's home. */
  | { code: 'MODEL_DISK_FULL'; folder: string; neededBytes: number; freeBytes: number }
  /** More downloads at once than a node takes. */
  | { code: 'MODEL_PULLS_TOO_MANY'; max: number }
  /** Nothing of this name has been pulled. */
  | { code: 'MODEL_NOT_HERE'; name: string }
  /** Others are LoRAs on it and cannot be served without it. */
  | { code: 'MODEL_HAS_LORAS'; name: string; loras: string[] }
  /** What was asked for cannot be added to a base, or not under this name. */
  | { code: 'MODEL_LORA_REFUSED'; name: string; reason: string }
  /** A catalogue file that cannot be read, or is not in the form of one. */
  | { code: 'MODEL_CATALOGUE_INVALID'; path: string; reason: string }
  /** The store's folder cannot be read or written. */
  | { code: 'MODEL_STORE_UNAVAILABLE'; folder: string; reason: string };

function modelError(
  details: ModelErrorDetails,
  message: string,
  cause?: unknown,
): FilonError<ModelErrorDetails> {
  return new FilonError<ModelErrorDetails>(details, message, cause === undefined ? undefined : { cause });
}

export function nameUnknown(name: string, nearest: string[]): FilonError<ModelErrorDetails> {
  const looksLikeFile = name.includes('/') || name.endsWith('.gguf');
  const hint = looksLikeFile
    ? 'for a file write file:/its/path, for one on the Hugging Face hub hf:owner/repo/file.gguf'
    : nearest.length > 0
      ? `did you mean ${nearest.join(' or ')}?`
      : 'filon ls --all lists what can be pulled';
  return modelError({ code: 'MODEL_NAME_UNKNOWN', name, nearest }, `no model is called "${name}"; ${hint}`);
}

export function sourceInvalid(source: string, reason: string): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_SOURCE_INVALID', source, reason },
    `"${source}" is not a source: ${reason}; sources are hf:owner/repo/file, pip:package==version!member, https://host/file and file:/path`,
  );
}

export function sourceDead(
  source: string,
  reason: string,
  more: { status?: number; cause?: unknown } = {},
): FilonError<ModelErrorDetails> {
  const status = more.status === undefined ? {} : { status: more.status };
  return modelError(
    { code: 'MODEL_SOURCE_DEAD', source, reason, ...status },
    `${source} gave no model: ${reason}`,
    more.cause,
  );
}

export interface SourceFailure {
  source: string;
  code: string;
  reason: string;
}

export function sourcesExhausted(name: string, failures: SourceFailure[]): FilonError<ModelErrorDetails> {
  const lines = failures.map((failure) => `  ${failure.source}: ${failure.reason}`);
  return modelError(
    { code: 'MODEL_SOURCES_EXHAUSTED', name, failures },
    `${name} could not be pulled, none of its ${failures.length} sources gave it:\n${lines.join('\n')}`,
  );
}

export function hashMismatch(
  source: string,
  hashes: { expected: string; actual: string; pinned: boolean },
): FilonError<ModelErrorDetails> {
  const { expected, actual, pinned } = hashes;
  const whose = pinned ? 'the first pull had' : 'the catalogue names';
  const advice = pinned
    ? 'the publisher changed the file, or somebody else did; pull with --repin if you trust the new one'
    : 'the file was changed or damaged on the way; pull again or use another source';
  return modelError(
    { code: 'MODEL_HASH_MISMATCH', source, expected, actual },
    `${source} gave other bytes than expected: sha256 ${actual}, but ${whose} ${expected}. They were dropped; ${advice}`,
  );
}

export function diskFull(
  folder: string,
  sizes: { neededBytes: number; freeBytes: number },
): FilonError<ModelErrorDetails> {
  const { neededBytes, freeBytes } = sizes;
  return modelError(
    { code: 'MODEL_DISK_FULL', folder, neededBytes, freeBytes },
    `the disk is too full: ${formatBytes(neededBytes)} more are needed in ${folder}, and ${formatBytes(freeBytes)} are free; make room (filon rm MODEL), or choose a larger disk with --home`,
  );
}

export function notHere(name: string): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_NOT_HERE', name },
    `no model called "${name}" has been pulled; filon ls lists those that have`,
  );
}

export function hasLoras(name: string, loras: string[]): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_HAS_LORAS', name, loras },
    `${name} is the base of ${loras.join(', ')}; remove those first (filon rm ${loras[0] ?? ''})`,
  );
}

export function loraRefused(name: string, reason: string): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_LORA_REFUSED', name, reason },
    `"${name}" cannot be had as a LoRA: ${reason}`,
  );
}

export function pullsTooMany(max: number): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_PULLS_TOO_MANY', max },
    `${max} models are being pulled already; wait for one to end`,
  );
}

export function catalogueInvalid(
  path: string,
  reason: string,
  cause: unknown,
): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_CATALOGUE_INVALID', path, reason },
    `the catalogue ${path} cannot be used: ${reason}`,
    cause,
  );
}

export function storeUnavailable(
  folder: string,
  reason: string,
  cause: unknown,
): FilonError<ModelErrorDetails> {
  return modelError(
    { code: 'MODEL_STORE_UNAVAILABLE', folder, reason },
    `the model folder ${folder} cannot be used: ${reason}; check its owner and mode, and that its disk is well`,
    cause,
  );
}
