export type TrainerErrorDetails =
  | { code: 'TRAIN_DEVICE_REFUSED'; device: string }
  | { code: 'TRAIN_OUT_OF_MEMORY'; what: string }
  /** Not a batch of this training: its shape, or a number in it. */
  | { code: 'TRAIN_BATCH_INVALID'; reason: string }
  /** Infinite or no number; the weights are those before the update. */
  | { code: 'TRAIN_NOT_FINITE'; update: number; loss: number; gradientNorm: number };
