/** What the Training page is answered, for the API's document. The compiler holds each schema to the type that is sent. */
import {
  PANEL_CHECKPOINTS_MAX,
  PANEL_RUNS_MAX,
  PANEL_SOURCES_MAX,
  type PanelPlan,
  type PanelRecipe,
  type PanelRun,
  type PanelRunDetail,
  type PanelRuns,
} from '@filon/core/panel/training';
import { CURVE_POINTS_MAX } from '@filon/core/training/curves';
import { quoteSchema, RUN_STATES, runEvaluationSchema } from '@filon/core/training/run';
import { z } from 'zod';

const count = z.int().min(0);
const text = z.string();
const amount = z.number();
const localText = z.object({ en: text, es: text });

const plan = {
  name: text,
  title: localText,
  description: localText,
  disclaimer: localText,
  base: text.nullable(),
  method: z.union([
    z.object({ kind: z.literal('full') }),
    z.object({ kind: z.literal('lora'), rank: count }),
  ]),
  sources: z
    .array(z.object({ name: text, origin: text, licence: text, tried: z.boolean() }))
    .max(PANEL_SOURCES_MAX),
  licences: z.array(text),
  obliges: z.array(text),
};
const panelPlan: z.ZodType<PanelPlan> = z.object(plan);
const panelRecipe: z.ZodType<PanelRecipe> = z.object({
  ...plan,
  steps: count.nullable(),
  epochs: amount.nullable(),
});
export const panelRecipes: z.ZodType<PanelRecipe[]> = z.array(panelRecipe);

const run = {
  id: text,
  title: localText,
  state: z.enum(RUN_STATES),
  createdAtMs: amount,
  device: text.nullable(),
  step: count,
  steps: count.nullable(),
  loss: amount.nullable(),
  validationLoss: amount.nullable(),
  tokensPerSecond: amount.nullable(),
  secondsLeft: amount.nullable(),
  doing: text,
  error: z.object({ code: text, message: text }).nullable(),
  quote: quoteSchema.nullable(),
  agreed: z.boolean(),
  result: z.object({ name: text, sha256: text, bytes: count }).nullable(),
};
export const panelRun: z.ZodType<PanelRun> = z.object(run);
export const panelRuns: z.ZodType<PanelRuns> = z.object({
  runs: z.array(panelRun).max(PANEL_RUNS_MAX),
  total: count,
});

const stepPoint = z.object({ step: count, loss: amount, gradientNorm: amount, learningRate: amount });
export const panelRunDetail: z.ZodType<PanelRunDetail> = z.object({
  ...run,
  plan: panelPlan,
  curves: z.object({
    steps: z.array(stepPoint).max(CURVE_POINTS_MAX),
    validation: z.array(z.object({ step: count, loss: amount })).max(CURVE_POINTS_MAX),
  }),
  checkpoints: z.array(z.object({ id: text, step: count, bytes: count })).max(PANEL_CHECKPOINTS_MAX),
  before: runEvaluationSchema.nullable(),
  after: runEvaluationSchema.nullable(),
  generalRise: amount.nullable(),
  generalRiseMax: amount,
  parameters: count.nullable(),
  trainedParameters: count.nullable(),
  precision: text.nullable(),
  lineage: z.object({
    recipe: text,
    manifest: text.nullable(),
    tokenizer: text.nullable(),
    base: z.object({ name: text, sha256: text }).nullable(),
  }),
});
