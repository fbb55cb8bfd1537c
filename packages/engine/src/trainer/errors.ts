export type TrainerErrorDetails =
  | { code: 'TRAIN_DEVICE_REFUSED'; device: string }
  /** The backend lacks a kernel: some have no backward operations, or not for every type. */
  | { code: 'TRAIN_OPERATION_UNSUPPORTED'; device: string; operation: string }
  /** Foreseen before it is taken, or refused by the device. */
  | { code: 'TRAIN_OUT_OF_MEMORY'; what: string; neededBytes: number; freeBytes: number }
  /** Not of the family that the training graph is written for. */
  | { code: 'TRAIN_MODEL_UNSUPPORTED'; file: string; reason: string }
  /** Not a state file, cut off, or of another model. */
  | { code: 'TRAIN_STATE_INVALID'; file: string; reason: string }
  | { code: 'TRAIN_NOT_OPEN' }
  /** Nothing is left of the file that was to be written. */
  | { code: 'TRAIN_DISK_FULL'; path: string }
  /** Its last words are in `lines`; what was not in a checkpoint is computed again. */
  | { code: 'TRAIN_PROCESS_DIED'; device: string; exit: string; lines: string[] }
  | { code: 'TRAIN_TIMEOUT'; what: string; timeoutMs: number }
  /** Not a batch of this training: its shape, or a number in it. */
  | { code: 'TRAIN_BATCH_INVALID'; reason: string }
  /** Infinite or no number; the weights are those before the update. */
  | { code: 'TRAIN_NOT_FINITE'; update: number; loss: number; gradientNorm: number };
