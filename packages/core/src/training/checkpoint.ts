/** Where a run can go on from: a state's file by its hash, and what else the next step depends on. */
import { z } from 'zod';

export interface CheckpointContent {
  format: 1;
  run: string;
  recipeSha256: string;
  manifest: string;
  tokenizer: string;
  /** sha256 of the base's file; null for a fresh model. */
  base: string | null;
  /** Updates behind it. */
  step: number;
  /** The next batch: of which pass through the data, and which of it. Order and masks follow from the recipe's seed. */
  position: { epoch: number; index: number };
  /** The state's file: weights and moments. */
  state: { sha256: string; bytes: number };
  /** Same class, same numbers to the last bit. */
  numericClass: string;
  /** Bytes of the run's metrics up to here; what lies beyond is of steps that are taken again. */
  metricsBytes: number;
}

export interface Checkpoint extends CheckpointContent {
  /** sha256 of the canonical JSON of the rest. */
  id: string;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

export const checkpointSchema: z.ZodType<Checkpoint> = z.strictObject({
  format: z.literal(1),
  id: sha256,
  run: z.string().max(128),
  recipeSha256: sha256,
  manifest: sha256,
  tokenizer: sha256,
  base: sha256.nullable(),
  step: count,
  position: z.strictObject({ epoch: count, index: count }),
  state: z.strictObject({ sha256, bytes: count }),
  numericClass: z.string().max(256),
  metricsBytes: count,
});
