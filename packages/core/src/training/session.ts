/** One training on one device: what opens it, what a step takes and tells. */
import type { TrainingBatch } from './batch.ts';
import type { Projection } from './quote.ts';

/** `auto` is the fastest type of products that the device has. */
export type TrainingPrecision = 'auto' | 'f32' | 'bf16' | 'f16';

/** A fresh llama-family model. */
export interface FreshModel {
  layers: number;
  width: number;
  heads: number;
  kvHeads: number;
  feedForward: number;
  vocabulary: number;
  context: number;
  ropeBase: number;
  tied: boolean;
}

export type TrainedModel =
  | { kind: 'fresh'; model: FreshModel; seed: number }
  /** Every parameter of a GGUF file. */
  | { kind: 'whole'; path: string }
  /** A LoRA on a GGUF file, whose matrices stay what they are. */
  | {
      kind: 'lora';
      path: string;
      rank: number;
      alpha: number;
      projections: readonly Projection[];
      seed: number;
    };

export interface TrainingSpec {
  device: string;
  model: TrainedModel;
  /** Of every batch. */
  sequences: number;
  length: number;
  precision: TrainingPrecision;
  /** Compute inner results of layers twice instead of keeping them: a third more work, much less memory. */
  recompute: boolean;
}

export interface TrainingFacts {
  /** Of the whole model, and those that change. */
  parameters: number;
  trainedParameters: number;
  vocabularySize: number;
  precision: Exclude<TrainingPrecision, 'auto'>;
  /** Of everything that stays, and of one step's results. */
  stateBytes: number;
  stepBytes: number;
  /** Same class, same numbers to the last bit. */
  numericClass: string;
  /** Updates that the state has behind it. */
  updates: number;
}

/** AdamW (Loshchilov and Hutter 2019), and the norm to clip by; 0 never clips. */
export interface StepValues {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  clipNorm: number;
}

export interface StepResult {
  /** Mean over the targets that count, in nats. */
  loss: number;
  /** L2, before clipping. */
  gradientNorm: number;
  /** Targets that counted. */
  tokens: number;
}

export interface LossResult {
  loss: number;
  tokens: number;
}

/** What an update is made of: flat arrays in a fixed order, the same on every device. */
export type StatePart = 'values' | 'gradients' | 'm' | 'v';

/** What is written at the end. Metadata are texts of GGUF keys: name, licence, lineage. */
export interface ExportSpec {
  path: string;
  /** Of matrices in whole models; a LoRA is always f32. */
  type: 'f32' | 'f16' | 'bf16';
  metadata: Readonly<Record<string, string>>;
}

export interface StepRequest {
  batches: readonly TrainingBatch[];
  values: StepValues;
}
