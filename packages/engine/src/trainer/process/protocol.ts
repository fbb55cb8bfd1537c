/**
 * Messages between a node and the process of one training (docs/protocol/training-process.md). Each request has an id and
 * gets one reply; they are worked on one after the other.
 */
import type { ErrorObject } from '@filon/core/errors';
import type { TrainingBatch } from '@filon/core/training/batch';
import type { ChatTurn } from '@filon/core/training/item';
import type {
  ExportSpec,
  LossResult,
  StatePart,
  StepRequest,
  StepResult,
  TrainingFacts,
  TrainingSpec,
} from '@filon/core/training/session';
import type { VocabularyFacts } from '../text/vocabulary.ts';

export interface TrainingCalls {
  open: { request: TrainingSpec; reply: TrainingFacts };
  step: { request: StepRequest; reply: StepResult };
  evaluate: { request: TrainingBatch; reply: LossResult };
  /** Writes the state to a file; its content id. */
  save: { request: { path: string }; reply: { sha256: string; bytes: number } };
  /** Takes a state from a file. */
  restore: { request: { path: string }; reply: TrainingFacts };
  read: { request: { part: StatePart }; reply: Float32Array[] };
  write: { request: { part: StatePart; flats: Float32Array[] }; reply: null };
  export: { request: ExportSpec; reply: null };
  /** Instead of `open`: a model's tokenizer alone. */
  vocabulary: { request: { path: string }; reply: VocabularyFacts };
  tokenize: { request: { texts: readonly string[]; special: boolean }; reply: Int32Array[] };
  render: { request: { messages: readonly ChatTurn[]; generationPrompt: boolean }; reply: string };
}

export type TrainingCall = keyof TrainingCalls;

export type ToTraining = {
  [K in TrainingCall]: { kind: K; id: number; request: TrainingCalls[K]['request'] };
}[TrainingCall];

export type FromTraining =
  | { kind: 'reply'; id: number; value: unknown }
  | { kind: 'failure'; id: number; error: ErrorObject };
