/** What trains a model on a device. Adapters: a process of its own (real), memory (a small model of its own, for tests). */
import type { Device } from '@filon/core/serving/session';
import type { TrainingBatch } from '@filon/core/training/batch';
import type {
  ExportSpec,
  LossResult,
  StepRequest,
  StepResult,
  TrainingFacts,
  TrainingSpec,
} from '@filon/core/training/session';
import type { Waiting } from './engine.ts';

/** A training that holds its device. Every method may fail with TRAIN_PROCESS_DIED and TRAIN_OUT_OF_MEMORY. */
export interface TrainingSession extends AsyncDisposable {
  /** As it was opened, or after the last `restore`. */
  readonly facts: TrainingFacts;
  /** Aborts when somebody of higher right wants the device: save, and dispose of the session soon. */
  readonly revoked: AbortSignal;
  /** One update. Codes: TRAIN_NOT_FINITE (nothing was changed), TRAIN_BATCH_INVALID. */
  step(request: StepRequest, options: Waiting): Promise<StepResult>;
  /** Changes nothing. Code: TRAIN_BATCH_INVALID. */
  evaluate(batch: TrainingBatch, options: Waiting): Promise<LossResult>;
  /** The whole state as a file, there at once or not at all; equal states have equal hashes. Code: TRAIN_DISK_FULL. */
  save(path: string, options: Waiting): Promise<{ sha256: string; bytes: number }>;
  /** From then on as if it had just been saved. Code: TRAIN_STATE_INVALID. */
  restore(path: string, options: Waiting): Promise<TrainingFacts>;
  /** What was trained, as a model's file. Code: TRAIN_DISK_FULL. */
  export(spec: ExportSpec, options: Waiting): Promise<void>;
}

export interface Trainer {
  devices(options: Waiting): Promise<readonly Device[]>;
  /**
   * Takes the device. Aborting ends it. Codes: TRAIN_OUT_OF_MEMORY (foreseen, to the byte), TRAIN_MODEL_UNSUPPORTED, TRAIN_DEVICE_REFUSED, GGUF_*,
   * RIG_CARD_HELD while somebody of equal or higher right has the device.
   */
  open(spec: TrainingSpec, options: Waiting): Promise<TrainingSession>;
}
