/** Runs and recipes as the Training page shows them: what matters of them, within limits. */
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
import type { Recipe } from '@filon/core/training/recipe';
import type { RunView } from '@filon/core/training/run';
import { gatherOrderOf } from '../../train/data/recipe-order.ts';
import type { RunLook } from '../../train/run/run-reader.ts';

/** `runs`: the oldest first. */
export function panelRuns(runs: readonly RunView[]): PanelRuns {
  return { runs: runs.toReversed().slice(0, PANEL_RUNS_MAX).map(panelRun), total: runs.length };
}

export function panelRun(run: RunView): PanelRun {
  const { id, state, createdAtMs, device, steps, error, quote, agreed, result, progress } = run;
  const { step, loss, validationLoss, tokensPerSecond, secondsLeft, text } = progress;
  const isTraining = state === 'training';
  return {
    ...{ id, title: run.recipe.title, state, createdAtMs, device, step, steps, loss, validationLoss },
    // Of the last steps, which say nothing of a run that stands still.
    tokensPerSecond: isTraining ? tokensPerSecond : null,
    secondsLeft: isTraining ? secondsLeft : null,
    doing: text,
    error: error === null ? null : { code: error.details.code, message: error.message },
    ...{ quote, agreed, result },
  };
}

export function panelRunDetail({ run, checkpoints, curves }: RunLook): PanelRunDetail {
  const { recipe, recipeSha256, manifest, tokenizer, base, facts, before, after, generalRise } = run;
  return {
    ...panelRun(run),
    plan: panelPlan(recipe),
    curves,
    checkpoints: checkpoints
      .slice(0, PANEL_CHECKPOINTS_MAX)
      .map(({ id, step, state }) => ({ id, step, bytes: state.bytes })),
    ...{ before, after, generalRise, generalRiseMax: recipe.evaluation.perplexityRiseMax },
    parameters: facts?.parameters ?? null,
    trainedParameters: facts?.trainedParameters ?? null,
    precision: facts?.precision ?? null,
    lineage: { recipe: recipeSha256, manifest, tokenizer, base },
  };
}

export function panelRecipe(recipe: Recipe): PanelRecipe {
  const { steps = null, epochs = null } = recipe.training;
  return { ...panelPlan(recipe), steps, epochs };
}

function panelPlan(recipe: Recipe): PanelPlan {
  const { name, title, description, disclaimer, model, method } = recipe;
  const sources = gatherOrderOf(recipe, '').sources.map(({ name, origin, licence, tried }) => ({
    ...{ name, origin, licence, tried },
  }));
  const base = model.kind === 'base' ? model : null;
  return {
    ...{ name, title, description, disclaimer, base: base?.name ?? null },
    method: method.kind === 'lora' ? { kind: 'lora', rank: method.rank } : { kind: 'full' },
    sources: sources.slice(0, PANEL_SOURCES_MAX),
    licences: [
      ...new Set([...(base === null ? [] : [base.licence]), ...sources.map(({ licence }) => licence)]),
    ],
    obliges: base?.obliges ?? [],
  };
}
