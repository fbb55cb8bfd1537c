/** A run: one recipe trained on one device. Its record says what it is and how far it came; docs/protocol/checkpoint.md. */
import { z } from 'zod';
import type { ErrorObject } from '../errors.ts';
import type { Quote } from './quote.ts';
import { type Recipe, recipeSchema } from './recipe.ts';
import type { TrainingFacts } from './session.ts';

/**
 * `waiting`: for its device, which somebody of higher right has. `quoted`: for the operator's word. `stopped` and `failed`
 * go on when they are resumed, all others before `done` by themselves.
 */
export const RUN_STATES = [
  'preparing',
  'waiting',
  'quoting',
  'quoted',
  'evaluating',
  'training',
  'publishing',
  'stopped',
  'failed',
  'done',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** Whether somebody must say `resume` before it goes on. */
export function isAtRest(state: RunState): boolean {
  return state === 'quoted' || state === 'stopped' || state === 'failed' || state === 'done';
}

export interface SplitLoss {
  /** Mean over the tokens that count, in nats. */
  loss: number;
  /** e to the loss. */
  perplexity: number;
  tokens: number;
  /** The loss in bits, spread over the UTF-8 bytes that those tokens stand for; null where they were not counted. */
  bitsPerByte: number | null;
}

export interface Evaluation {
  heldOut: SplitLoss | null;
  /** On a text that has nothing to do with the data. */
  general: SplitLoss | null;
  /** Items whose right choice had the lowest loss a token. */
  choices: { right: number; all: number } | null;
}

export interface RunBase {
  name: string;
  sha256: string;
}

export interface RunResult {
  /** In the store of models. */
  name: string;
  sha256: string;
  bytes: number;
}

export interface RunRecord {
  format: 1;
  /** The recipe's name and a number. */
  id: string;
  /** With every default and with what the operator changed. */
  recipe: Recipe;
  /** Of the recipe's canonical form. */
  recipeSha256: string;
  /** The folder that the recipe's paths count from. */
  folder: string;
  /** null: the first that answers. */
  device: string | null;
  createdAtMs: number;
  state: RunState;
  error: ErrorObject | null;
  /** Of the data. */
  manifest: string | null;
  tokenizer: string | null;
  base: RunBase | null;
  facts: TrainingFacts | null;
  /** Of the optimiser, in all; null until the data is there. */
  steps: number | null;
  /** Inner results are computed twice, because the memory was short. */
  recompute: boolean;
  quote: Quote | null;
  /** Whether somebody said yes to the quote, or needs none. */
  agreed: boolean;
  before: Evaluation | null;
  after: Evaluation | null;
  /** Of the general text's perplexity, as a share; more than the recipe allows keeps the result out of the store. */
  generalRise: number | null;
  result: RunResult | null;
}

/** A run as it is shown: its record, and where it is now. */
export interface RunView extends RunRecord {
  progress: RunProgress;
}

export interface RunProgress {
  step: number;
  loss: number | null;
  validationLoss: number | null;
  /** Of the last steps together. */
  tokensPerSecond: number | null;
  secondsLeft: number | null;
  /** The newest checkpoint's. */
  checkpointStep: number | null;
  /** What is being done, for people. */
  text: string;
}

/** One line of `metrics.jsonl`. */
export type Metric =
  | {
      kind: 'step';
      step: number;
      loss: number;
      gradientNorm: number;
      learningRate: number;
      tokens: number;
      ms: number;
    }
  | { kind: 'validation'; step: number; loss: number; tokens: number };

/** Lines of steps that a run writes at most: of longer ones each n-th step. */
export const METRIC_STEPS_MAX = 100_000;

export const runId: z.ZodString = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}-\d{1,6}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const splitLoss = z.strictObject({
  loss: z.number(),
  perplexity: z.number(),
  tokens: count,
  bitsPerByte: z.number().nullable(),
});
export const runEvaluationSchema: z.ZodType<Evaluation> = z.strictObject({
  heldOut: splitLoss.nullable(),
  general: splitLoss.nullable(),
  choices: z.strictObject({ right: count, all: count }).nullable(),
});
const facts: z.ZodType<TrainingFacts> = z.strictObject({
  parameters: count,
  trainedParameters: count,
  vocabularySize: count,
  precision: z.enum(['f32', 'bf16', 'f16']),
  stateBytes: count,
  stepBytes: count,
  numericClass: z.string().max(256),
  updates: count,
});
export const quoteSchema: z.ZodType<Quote> = z.strictObject({
  seconds: z.number().nullable(),
  measured: z.boolean(),
  kwh: z.number().nullable(),
  cost: z.number().nullable(),
  diskBytes: z.number(),
});

export const runRecordSchema: z.ZodType<RunRecord> = z.strictObject({
  format: z.literal(1),
  id: runId,
  recipe: recipeSchema,
  recipeSha256: sha256,
  folder: z.string(),
  device: z.string().nullable(),
  createdAtMs: z.number(),
  state: z.enum(RUN_STATES),
  error: z
    .object({
      message: z.string(),
      details: z.looseObject({ code: z.string() }),
      cause: z.string().exactOptional(),
    })
    .nullable(),
  manifest: sha256.nullable(),
  tokenizer: sha256.nullable(),
  base: z.strictObject({ name: z.string(), sha256 }).nullable(),
  facts: facts.nullable(),
  steps: z.int().positive().nullable(),
  recompute: z.boolean(),
  quote: quoteSchema.nullable(),
  agreed: z.boolean(),
  before: runEvaluationSchema.nullable(),
  after: runEvaluationSchema.nullable(),
  generalRise: z.number().nullable(),
  result: z.strictObject({ name: z.string(), sha256, bytes: count }).nullable(),
});

export const metricSchema: z.ZodType<Metric> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('step'),
    step: count,
    loss: z.number(),
    gradientNorm: z.number(),
    learningRate: z.number(),
    tokens: count,
    ms: z.number(),
  }),
  z.strictObject({ kind: z.literal('validation'), step: count, loss: z.number(), tokens: count }),
]);
