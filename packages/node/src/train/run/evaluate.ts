/** How good a model is, in numbers: on what it was never trained on, on a text of something else, and at choosing. */
import type { Recipe } from '@filon/core/training/recipe';
import type { Evaluation } from '@filon/core/training/run';
import type { TrainingSpec } from '@filon/core/training/session';
import type { Waiting } from '../../ports/engine.ts';
import type { TrainingSession } from '../../ports/trainer.ts';
import { chosenRight, readQuestions } from './choices.ts';
import { generalBatches } from './general-text.ts';
import { meanLoss, meanLossOf, splitLoss } from './losses.ts';
import { bytesPerToken, type RunData, type TokenMeans } from './run-data.ts';

/** Of the held-out split. */
const BATCHES_MAX = 1024;

export interface EvaluationWork {
  recipe: Recipe;
  /** The folder that the recipe's paths count from. */
  folder: string;
  spec: TrainingSpec;
  data: Pick<RunData, 'heldOut' | 'index'>;
  means: TokenMeans;
  /** Opens a session with the state that is looked at; others wait until it is disposed of. */
  open(spec: TrainingSpec): Promise<TrainingSession>;
  /** For people. */
  onText(text: string): void;
}

/** Codes: TRAIN_*, DATA_*, TEMPLATE_*. */
export async function evaluate(work: EvaluationWork, { signal }: Waiting): Promise<Evaluation> {
  const choices = await chosen(work, signal);
  work.onText('evaluating on what it is not trained on');
  await using session = await work.open(work.spec);
  return {
    heldOut: await heldOut(session, work, signal),
    general: await general(session, work, signal),
    choices,
  };
}

async function heldOut(
  session: TrainingSession,
  { data, means }: EvaluationWork,
  signal: AbortSignal,
): Promise<Evaluation['heldOut']> {
  if (data.heldOut === null) return null;
  const found = await meanLoss(session, data.heldOut, { signal, batchesMax: BATCHES_MAX });
  return found === null ? null : splitLoss(found, await bytesPerToken(data, 'held-out', means));
}

async function general(
  session: TrainingSession,
  { recipe, folder, spec, means }: EvaluationWork,
  signal: AbortSignal,
): Promise<Evaluation['general']> {
  const path = recipe.evaluation.generalText;
  if (path === undefined) return null;
  const { batches, bytesPerToken: ratio } = await generalBatches({ folder, path }, spec, means);
  const found = await meanLossOf(session, batches, signal);
  return found === null ? null : splitLoss(found, ratio);
}

/** In a session of one sequence as long as the longest choice: each is looked at alone. */
async function chosen(
  { recipe, folder, spec, means, open, onText }: EvaluationWork,
  signal: AbortSignal,
): Promise<Evaluation['choices']> {
  const path = recipe.evaluation.multipleChoice;
  if (path === undefined) return null;
  onText('evaluating choices');
  const questions = await readQuestions({ folder, path }, means, spec.length);
  const documents = questions.flatMap(({ choices }) => choices);
  if (documents.length === 0) return null;
  const length = Math.max(...documents.map(({ tokens }) => tokens.length - 1));
  await using session = await open({ ...spec, sequences: 1, length });
  return await chosenRight(session, { questions, length }, { signal });
}
