/** What the Training page says to its node and hears from it, under `/filon/v1`. Times: ms since 1970. */
import type { Curves } from '../training/curves.ts';
import type { Quote } from '../training/quote.ts';
import type { LocalText } from '../training/recipe.ts';
import type { Evaluation, RunBase, RunResult, RunState } from '../training/run.ts';

/** The newest ones; `total` counts all of them. */
export const PANEL_RUNS_MAX = 64;
/** Of one run, the newest. */
export const PANEL_CHECKPOINTS_MAX = 20;
export const PANEL_SOURCES_MAX = 32;

/** Texts that are learned from. */
export interface PanelSource {
  name: string;
  origin: string;
  licence: string;
  /** Whether the project has trained on it. */
  tried: boolean;
}

/** What a recipe does, before and after somebody began it. */
export interface PanelPlan {
  /** Of the recipe. */
  name: string;
  title: LocalText;
  description: LocalText;
  disclaimer: LocalText;
  /** Name of the model that it begins with; null: a fresh one. */
  base: string | null;
  method: { kind: 'full' } | { kind: 'lora'; rank: number };
  sources: PanelSource[];
  /** Of the base, if any, and of the data: the result carries them on. */
  licences: string[];
  /** What the licence of the base asks of whoever passes the result on. */
  obliges: string[];
}

/** `GET recipes`, one for each that comes with the program. */
export interface PanelRecipe extends PanelPlan {
  /** Of the optimiser; null: as many as `epochs` times through the data take. */
  steps: number | null;
  epochs: number | null;
}

/** `POST runs`. Nothing is trained before somebody says yes to the quote (`POST runs/{run}/resume`). */
export interface PanelRunOrder {
  /** A name of those that come with the program, or the absolute path of one on the node's machine. */
  recipe: string;
  /** Learns from this instead of the recipe's texts; null: from those. */
  data: { source: string; licence: string } | null;
  /** null: as the recipe says. */
  steps: number | null;
}

/** A run in the list. */
export interface PanelRun {
  id: string;
  title: LocalText;
  state: RunState;
  createdAtMs: number;
  device: string | null;
  /** Updates behind it, and in all; null until the data is there. */
  step: number;
  steps: number | null;
  loss: number | null;
  validationLoss: number | null;
  tokensPerSecond: number | null;
  secondsLeft: number | null;
  /** What is being done, in English; empty when nothing is. */
  doing: string;
  error: { code: string; message: string } | null;
  quote: Quote | null;
  /** Whether somebody said yes to it. */
  agreed: boolean;
  result: RunResult | null;
}

/** Every event of `GET runs`: the newest first. */
export interface PanelRuns {
  runs: PanelRun[];
  total: number;
}

export interface PanelCheckpoint {
  id: string;
  step: number;
  bytes: number;
}

/** Every event of `GET runs/{run}`. */
export interface PanelRunDetail extends PanelRun {
  plan: PanelPlan;
  curves: Curves;
  /** The newest first. */
  checkpoints: PanelCheckpoint[];
  before: Evaluation | null;
  after: Evaluation | null;
  /** Of the perplexity of general text, as a share; null: not known. */
  generalRise: number | null;
  /** More than this keeps the result out of the models. */
  generalRiseMax: number;
  parameters: number | null;
  trainedParameters: number | null;
  precision: string | null;
  /** What it is made of, each by its sha256; null until it is known. */
  lineage: {
    recipe: string;
    manifest: string | null;
    tokenizer: string | null;
    base: RunBase | null;
  };
}
