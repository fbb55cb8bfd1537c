/** From what the system says to what people can do about it. */
import { messageOf } from '@filon/core/errors';
import {
  type DataError,
  dataDiskFull,
  dataStoreUnavailable,
  fileInvalid,
} from '@filon/core/training/data/errors';

/** Whether writing failed for want of space or quota. */
function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

export function storeFailure(
  folder: string,
  error: unknown,
  sizes: { neededBytes: number; freeBytes: number },
): DataError {
  return isNoSpace(error)
    ? dataDiskFull(folder, sizes, error)
    : dataStoreUnavailable(folder, messageOf(error), error);
}

export function unreadable(file: string, error: unknown): DataError {
  return fileInvalid(file, { line: null, reason: messageOf(error) }, error);
}
