/** Why a training's process died: one that was killed for memory would be killed again, and is not started again by itself. */
import { FilonError } from '@filon/core/errors';
import type { TrainerErrorDetails } from '@filon/engine/trainer/errors';

/** What native code says where a device has no more. */
const REFUSED = /failed to allocate|out of memory|bad_alloc/i;

export interface Circumstances {
  /** Whether the system killed some process for memory while this one lived. */
  killedForMemory: boolean;
  neededBytes: number;
  freeBytes: number;
}

/** `error` is a TRAIN_PROCESS_DIED; it comes back as it is where memory had nothing to do with it. */
export function explainDeath(
  error: FilonError,
  { killedForMemory, neededBytes, freeBytes }: Circumstances,
): FilonError {
  const { exit, lines } = error.details as Extract<TrainerErrorDetails, { code: 'TRAIN_PROCESS_DIED' }>;
  const isKill = exit === 'SIGKILL' && killedForMemory;
  if (!isKill && !lines.some((line) => REFUSED.test(line))) return error;
  return new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_OUT_OF_MEMORY', what: 'the training', neededBytes, freeBytes },
    'memory ran out and the training was ended; lower sequences (and raise accumulate) or length, or free memory, and resume: it goes on from its last checkpoint',
    { cause: error },
  );
}
