/** From a recipe to what a trainer is asked: the model, the steps, the values of each. */
import { BYTE_VOCABULARY_SIZE } from '@filon/core/training/byte-vocabulary';
import type { Recipe } from '@filon/core/training/recipe';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import { recipeUnsupported } from '@filon/core/training/run-errors';
import { learningRateAt, type Schedule } from '@filon/core/training/schedule';
import type { StepValues, TrainedModel, TrainingSpec } from '@filon/core/training/session';

/** What an operator changes in a recipe, by flags. */
export interface RecipeChanges {
  /** Trains on this instead. */
  data: RecipeSource | null;
  steps: number | null;
  seed: number | null;
}

export function changedRecipe(recipe: Recipe, { data, steps, seed }: RecipeChanges): Recipe {
  const { epochs, ...training } = recipe.training;
  const changed = {
    ...training,
    ...(steps === null && epochs !== undefined ? { epochs } : {}),
    ...(steps === null ? {} : { steps, warmupSteps: Math.min(training.warmupSteps, steps) }),
    ...(seed === null ? {} : { seed }),
  };
  if (data === null) return { ...recipe, training: changed };
  const { sample: _sample, heldOut: _heldOut, ...rest } = recipe.data;
  return { ...recipe, training: changed, data: { ...rest, use: 'sources', sources: [data] } };
}

/** What is right in itself and cannot be trained here. Code: TRAIN_RECIPE_UNSUPPORTED. */
export function requireTrainable({ model, method, training }: Recipe): void {
  if (model.kind === 'architecture' && model.vocabulary !== 'bytes')
    throw recipeUnsupported('model.vocabulary', 'fresh models have "bytes" so far');
  if (training.optimiser !== 'adamw')
    throw recipeUnsupported('training.optimiser', 'there is "adamw" so far');
  if (method.kind === 'lora' && method.dropout > 0)
    throw recipeUnsupported('method.dropout', 'adapters learn without it; set it to 0');
}

/** `basePath`: the file of the base; unused for a fresh model. */
export function trainedModel({ model, method, training }: Recipe, basePath: string): TrainedModel {
  const { seed } = training;
  if (model.kind === 'architecture') {
    const { layers, width, heads, kvHeads, feedForward, context, ropeBase, tied } = model;
    const shape = { layers, width, heads, kvHeads, feedForward, context, ropeBase, tied };
    return { kind: 'fresh', model: { ...shape, vocabulary: BYTE_VOCABULARY_SIZE }, seed };
  }
  if (method.kind === 'full') return { kind: 'whole', path: basePath };
  const { rank, alpha, projections } = method;
  return { kind: 'lora', path: basePath, rank, alpha, projections, seed };
}

export function trainingSpec(
  recipe: Recipe,
  { device, basePath, recompute }: { device: string; basePath: string; recompute: boolean },
): TrainingSpec {
  const { sequences, length, precision } = recipe.training;
  return { device, model: trainedModel(recipe, basePath), sequences, length, precision, recompute };
}

/** `batches`: of one pass through the data. */
export function stepsOf({ training }: Recipe, batches: number): number {
  const { steps, epochs = 1, accumulate } = training;
  return steps ?? Math.max(1, Math.ceil((epochs * batches) / accumulate));
}

export function scheduleOf({ training }: Recipe, steps: number): Schedule {
  const { schedule, learningRate, warmupSteps, finalShare, decayShare } = training;
  return {
    kind: schedule,
    ...{ peak: learningRate, steps, warmupSteps: Math.min(warmupSteps, steps), finalShare, decayShare },
  };
}

/** Of the step after `step` updates. */
export function stepValues({ training }: Recipe, schedule: Schedule, step: number): StepValues {
  const [beta1, beta2] = training.betas;
  const { epsilon, weightDecay, clipNorm } = training;
  return { learningRate: learningRateAt(schedule, step), beta1, beta2, epsilon, weightDecay, clipNorm };
}
