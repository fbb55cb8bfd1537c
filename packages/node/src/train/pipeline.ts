/** The runs of a home: begun, listed, stopped, resumed. Those that a dead node left at work go on when the next one opens. */
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '@filon/core/errors';
import type { Recipe } from '@filon/core/training/recipe';
import type { RecipeSource } from '@filon/core/training/recipe-data';
import {
  type Evaluation,
  isAtRest,
  type Metric,
  type RunRecord,
  type RunView,
  runId,
} from '@filon/core/training/run';
import { folderUnavailable, noCheckpoint, runUnknown, tooManyRuns } from '@filon/core/training/run-errors';
import type { ExportSpec } from '@filon/core/training/session';
import type { Waiting } from '../ports/engine.ts';
import { loadRecipe } from './load-recipe.ts';
import { openBasis, type RunMeans } from './run/basis.ts';
import { evaluate } from './run/evaluate.ts';
import { changedRecipe, requireTrainable, trainingSpec } from './run/plan.ts';
import { Run } from './run/run.ts';
import { type FreeBytes, RunFolder, sha256Of } from './run/run-folder.ts';
import { RunReader } from './run/run-reader.ts';

export const RUNS_MAX = 1000;
/** Of the metrics that are shown, the last. */
const METRICS_BYTES_MAX = 262_144;
/** For the step in work and its checkpoint, when the node ends. */
const SUSPEND_MS = 20_000;

export interface TrainOrder {
  /** A name of those that come with the program, or a path. */
  recipe: string;
  /** Trains on this instead of the recipe's data; its paths count from the recipe. */
  data: RecipeSource | null;
  steps: number | null;
  seed: number | null;
  /** null: the first that answers. */
  device: string | null;
  /** Whether it begins without a word to its quote. */
  agreed: boolean;
}

export interface EvaluationOrder {
  /** A run, or a model of the store. */
  what: string;
  /** Whose data it is looked at on; null: the run's own. */
  recipe: string | null;
  device: string | null;
}

export interface TrainingsConfig {
  /** The home's folder of runs. */
  folder: string;
  freeBytes?: FreeBytes;
}

export async function openTrainings(config: TrainingsConfig, means: RunMeans): Promise<Trainings> {
  const trainings = new Trainings(config, means);
  await trainings.goOn();
  return trainings;
}

export class Trainings implements AsyncDisposable {
  readonly #config: TrainingsConfig;
  readonly #means: RunMeans;
  readonly #runs = new Map<string, Run>();
  /** Names of runs whose folders may not be there yet. */
  readonly #given = new Set<string>();

  constructor(config: TrainingsConfig, means: RunMeans) {
    this.#config = config;
    this.#means = means;
  }

  /** Reads what is there and starts what was at work. Code: TRAIN_FOLDER_UNAVAILABLE. */
  async goOn(): Promise<void> {
    for (const id of (await this.#names()).slice(0, RUNS_MAX)) {
      const folder = this.#folderOf(id);
      await folder.prepare();
      const record = await folder.readRecord();
      if (record?.id !== id) continue;
      const run = new Run(record, folder, this.#means);
      this.#runs.set(id, run);
      await run.look();
      if (!isAtRest(record.state)) run.start();
    }
  }

  /** Prepares the data, measures, and, when it is agreed to, trains, all in the background. Codes: TRAIN_RECIPE_*. */
  async start(order: TrainOrder): Promise<RunView> {
    const loaded = await loadRecipe(order.recipe);
    const recipe = changedRecipe(loaded.recipe, order);
    requireTrainable(recipe);
    const record = await this.#newRecord({ recipe, folder: dirname(loaded.path) }, order);
    const folder = this.#folderOf(record.id);
    await folder.prepare();
    await folder.writeRecord(record);
    const run = new Run(record, folder, this.#means);
    this.#runs.set(record.id, run);
    run.start();
    return run.view;
  }

  list(): RunView[] {
    return [...this.#runs.values()].map(({ view }) => view).toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Code: TRAIN_RUN_UNKNOWN. */
  async show(id: string): Promise<{ run: RunView; metrics: Metric[] }> {
    const run = this.#run(id);
    return { run: run.view, metrics: await run.folder.metrics(METRICS_BYTES_MAX) };
  }

  /** For one who looks at it again and again. Code: TRAIN_RUN_UNKNOWN. */
  reader(id: string): Pick<RunReader, 'look'> {
    return new RunReader(this.#run(id));
  }

  async stop(id: string): Promise<RunView> {
    const run = this.#run(id);
    await run.stop();
    return run.view;
  }

  /** Also says yes to a quote. */
  async resume(id: string): Promise<RunView> {
    const run = this.#run(id);
    await run.resume();
    return run.view;
  }

  /** Until it is at rest, or the signal aborts. */
  async watch(
    id: string,
    { signal, onChange }: Waiting & { onChange(run: RunView): void },
  ): Promise<RunView> {
    const run = this.#run(id);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = (): void => {
      onChange(run.view);
      if (!run.isAtWork) resolve();
    };
    const leave = (): void => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    using _watching = run.watch(look);
    look();
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
    return run.view;
  }

  async export(id: string, file: Pick<ExportSpec, 'path' | 'type'>, options: Waiting): Promise<void> {
    await this.#run(id).export(file, options);
  }

  /** Codes: TRAIN_RUN_UNKNOWN, TRAIN_BASE_MISSING, RIG_CARD_HELD and those of the data and the trainer. */
  async evaluate(
    { what, recipe, device }: EvaluationOrder,
    { signal, onText }: Waiting & { onText(text: string): void },
  ): Promise<Evaluation> {
    const run = this.#runs.get(what)?.view ?? null;
    if (run === null && recipe === null) throw runUnknown(what, [...this.#runs.keys()]);
    const looked = await this.#lookedAt({ what, recipe, device }, run);
    await using basis = await openBasis(looked, this.#means, { signal, onText });
    const from = run === null ? null : (await this.#run(what).folder.checkpoints())[0];
    if (from === undefined) throw noCheckpoint(what);
    const spec = trainingSpec(looked.recipe, { ...basis, recompute: looked.recompute });
    return await evaluate(
      {
        ...{ recipe: looked.recipe, folder: looked.folder, spec, data: basis.data, onText },
        means: { tokenizer: basis.tokenizer, store: this.#means.data, signal },
        open: async (wanted) => {
          const session = await this.#means.trainer.open(wanted, { signal });
          if (from !== null) await session.restore(this.#run(what).folder.statePath(from.state), { signal });
          return session;
        },
      },
      { signal },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.suspend(SUSPEND_MS)));
  }

  /** The record that stands for what is looked at: a run with other data, or a model with an adapter that does nothing. */
  async #lookedAt({ what, recipe, device }: EvaluationOrder, run: RunRecord | null): Promise<RunRecord> {
    if (run !== null && recipe === null) return { ...run, device: device ?? run.device };
    const loaded = await loadRecipe(recipe ?? '');
    const folder = dirname(loaded.path);
    if (run !== null) {
      const { model, method } = run.recipe;
      return { ...run, folder, manifest: null, recipe: { ...loaded.recipe, model, method } };
    }
    const model = { kind: 'base', name: what, licence: 'unknown', obliges: [] } as const;
    const method = { kind: 'lora', rank: 1, alpha: 1, dropout: 0, projections: ['q'] } as const;
    const asked: Recipe = {
      ...loaded.recipe,
      model: { ...model, obliges: [] },
      method: { ...method, projections: [...method.projections] },
    };
    return blankRecord({ id: 'evaluation-1', recipe: asked, folder, device, createdAtMs: 0, agreed: true });
  }

  async #newRecord(
    { recipe, folder }: { recipe: Recipe; folder: string },
    { device, agreed }: TrainOrder,
  ): Promise<RunRecord> {
    const taken = [...new Set([...(await this.#names()), ...this.#given])];
    if (taken.length >= RUNS_MAX) throw tooManyRuns(RUNS_MAX);
    const base = recipe.name.slice(0, 56);
    const numbers = taken.flatMap((name) =>
      name.startsWith(`${base}-`) ? [Number(name.slice(base.length + 1))] : [],
    );
    const id = `${base}-${Math.max(0, ...numbers.filter(Number.isSafeInteger)) + 1}`;
    this.#given.add(id);
    return blankRecord({ id, recipe, folder, device, agreed, createdAtMs: this.#means.clock.nowMs() });
  }

  async #names(): Promise<string[]> {
    const { folder } = this.#config;
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return (await readdir(folder)).filter((name) => runId.safeParse(name).success).toSorted();
    } catch (error) {
      throw folderUnavailable(folder, messageOf(error), error);
    }
  }

  #folderOf(id: string): RunFolder {
    return new RunFolder(join(this.#config.folder, id), this.#config.freeBytes);
  }

  #run(id: string): Run {
    const run = this.#runs.get(id);
    if (run === undefined) throw runUnknown(id, [...this.#runs.keys()]);
    return run;
  }
}

function blankRecord(
  known: Pick<RunRecord, 'id' | 'recipe' | 'folder' | 'device' | 'createdAtMs' | 'agreed'>,
): RunRecord {
  return {
    ...known,
    ...{ format: 1, recipeSha256: sha256Of(JSON.stringify(known.recipe)), state: 'preparing', error: null },
    ...{ manifest: null, tokenizer: null, base: null, facts: null, steps: null, recompute: false },
    ...{ quote: null, before: null, after: null, generalRise: null, result: null },
  };
}
