/** How long and how fast a recipe trains, and how the result is looked at. */
import { z } from 'zod';
import { LENGTH_MAX, SEQUENCES_MAX } from './batch.ts';
import { SCHEDULE_KINDS, type ScheduleKind } from './schedule.ts';

export const PRECISIONS = ['auto', 'f32', 'bf16', 'f16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Exactly one of steps and epochs. */
export interface RecipeTraining {
  steps?: number;
  epochs?: number;
  sequences: number;
  length: number;
  accumulate: number;
  optimiser: 'adamw' | 'muon';
  learningRate: number;
  schedule: ScheduleKind;
  warmupSteps: number;
  finalShare: number;
  decayShare: number;
  weightDecay: number;
  betas: [number, number];
  epsilon: number;
  clipNorm: number;
  precision: Precision;
  seed: number;
  checkpointEverySteps: number;
  keepCheckpoints: number;
}

export interface RecipeEvaluation {
  everySteps: number;
  multipleChoice?: string;
  prompts: string[];
  sampleTokens: number;
  generalText?: string;
  perplexityRiseMax: number;
}

const STEPS_MAX = 10_000_000;
const beta = z.number().min(0).lt(1);
const filePath = z.string().min(1).max(1024);

export const trainingSchema: z.ZodType<RecipeTraining> = z
  .strictObject({
    steps: z
      .int()
      .min(1)
      .max(STEPS_MAX)
      .exactOptional()
      .describe(`of the optimiser, 1 to ${STEPS_MAX}; give steps or epochs`),
    epochs: z
      .number()
      .positive()
      .max(1000)
      .exactOptional()
      .describe('times through the data, above 0, to 1000; parts of one are allowed'),
    sequences: z.int().min(1).max(SEQUENCES_MAX).describe(`side by side, 1 to ${SEQUENCES_MAX}`),
    length: z.int().min(8).max(LENGTH_MAX).describe(`tokens a sequence, 8 to ${LENGTH_MAX}`),
    accumulate: z
      .int()
      .min(1)
      .max(4096)
      .default(1)
      .describe('batches whose gradients make a step, 1 to 4096'),
    optimiser: z
      .enum(['adamw', 'muon'])
      .default('adamw')
      .describe('adamw, or muon for hidden matrices with adamw for the rest'),
    learningRate: z.number().positive().max(1).describe('the highest, above 0, to 1'),
    schedule: z.enum(SCHEDULE_KINDS).default('cosine').describe(SCHEDULE_KINDS.join(', ')),
    warmupSteps: z.int().min(0).max(STEPS_MAX).default(0).describe('steps of the rise, 0 to steps'),
    finalShare: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('what cosine and wsd end at, of the highest rate: 0 to 1'),
    decayShare: z.number().min(0).max(1).default(0.2).describe('of the steps, in which wsd falls: 0 to 1'),
    weightDecay: z.number().min(0).max(1).default(0.1).describe('decoupled, none on norms: 0 to 1'),
    betas: z.tuple([beta, beta]).default([0.9, 0.95]).describe('of adamw: two numbers from 0 to below 1'),
    epsilon: z.number().positive().max(1e-3).default(1e-8).describe('of adamw, above 0, to 1e-3'),
    clipNorm: z
      .number()
      .min(0)
      .max(1e6)
      .default(1)
      .describe('longer gradients are shortened to this norm; 0 never'),
    precision: z
      .enum(PRECISIONS)
      .default('auto')
      .describe(`of the products: ${PRECISIONS.join(', ')}; auto: the fastest that the device has`),
    seed: z.int().min(0).max(0xffff_ffff).default(1).describe('0 to 4294967295'),
    checkpointEverySteps: z.int().min(1).max(STEPS_MAX).default(100).describe(`1 to ${STEPS_MAX}`),
    keepCheckpoints: z.int().min(1).max(100).default(2).describe('the newest that stay, 1 to 100'),
  })
  .refine(({ steps, epochs }) => (steps === undefined) !== (epochs === undefined), {
    path: ['steps'],
    message: 'give either steps or epochs',
  })
  .refine(({ steps, warmupSteps }) => steps === undefined || warmupSteps <= steps, {
    path: ['warmupSteps'],
    message: 'the rise is longer than the run; lower it, or raise steps',
  })
  .describe('steps, rates and precision');

export const evaluationSchema: z.ZodType<RecipeEvaluation> = z
  .strictObject({
    everySteps: z
      .int()
      .min(1)
      .max(STEPS_MAX)
      .default(50)
      .describe(`validation loss and samples, every 1 to ${STEPS_MAX} steps`),
    multipleChoice: filePath.exactOptional().describe('a JSONL file of items with choices, from the recipe'),
    prompts: z
      .array(z.string().min(1).max(4000))
      .max(16)
      .default([])
      .describe('answered by the base and by the result, side by side, at most 16'),
    sampleTokens: z.int().min(1).max(2048).default(128).describe('of each such answer, 1 to 2048'),
    generalText: filePath
      .exactOptional()
      .describe('a text file, from the recipe, on which the result may not be much worse than its base'),
    perplexityRiseMax: z
      .number()
      .min(0)
      .max(10)
      .default(0.03)
      .describe('by how much perplexity on it may rise, as a share: 0 to 10'),
  })
  .describe('how the result is looked at');
