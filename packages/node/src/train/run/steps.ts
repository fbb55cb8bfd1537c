/**
 * The steps of a run, from its last checkpoint to its end. What a step computes follows from the checkpoint before it, the
 * recipe and the data alone, so a run that was killed at any instant has the losses of one that was not.
 */
import type { TrainingBatch } from '@filon/core/training/batch';
import type { Checkpoint, CheckpointContent } from '@filon/core/training/checkpoint';
import type { Recipe } from '@filon/core/training/recipe';
import { METRIC_STEPS_MAX, type RunProgress } from '@filon/core/training/run';
import type { Clock } from '../../ports/clock.ts';
import type { TrainingSession } from '../../ports/trainer.ts';
import type { Batches } from '../data/batches.ts';
import { meanLoss } from './losses.ts';
import { scheduleOf, stepValues } from './plan.ts';
import type { MetricsFile, RunFolder } from './run-folder.ts';

/** Batches of the validation split that are looked at in the middle of a run. */
const VALIDATION_BATCHES_MAX = 32;
/** Steps whose speed is told. */
const PACE_STEPS = 20;

export interface StepsWork {
  recipe: Recipe;
  /** Of the optimiser, in all. */
  steps: number;
  /** What its checkpoints belong to. */
  lineage: Pick<CheckpointContent, 'run' | 'recipeSha256' | 'manifest' | 'tokenizer' | 'base'>;
  train: Batches;
  /** null: there is nothing to look at. */
  validation: Batches | null;
  folder: RunFolder;
  clock: Clock;
  onProgress(progress: Partial<RunProgress>): void;
}

export interface StepsOptions {
  /** Ends at once; the steps since the last checkpoint are lost. */
  signal: AbortSignal;
  /** Ends after the step in work, with a checkpoint. */
  pause: AbortSignal;
}

/** Whether the run came to its end. `from` is what the session was restored from. Codes: TRAIN_*, DATA_SHARD_INVALID. */
export async function trainSteps(
  session: TrainingSession,
  { work, from }: { work: StepsWork; from: Checkpoint | null },
  options: StepsOptions,
): Promise<boolean> {
  await using metrics = await work.folder.openMetrics(from?.metricsBytes ?? 0);
  return await new Steps(session, work, { from, metrics }).run(options);
}

class Steps {
  readonly #session: TrainingSession;
  readonly #work: StepsWork;
  readonly #metrics: MetricsFile;
  readonly #pace: { tokens: number; ms: number }[] = [];
  #step: number;
  #position: Checkpoint['position'];
  #saved: number;

  constructor(
    session: TrainingSession,
    work: StepsWork,
    { from, metrics }: { from: Checkpoint | null; metrics: MetricsFile },
  ) {
    this.#session = session;
    this.#work = work;
    this.#metrics = metrics;
    this.#step = from?.step ?? 0;
    this.#position = from?.position ?? { epoch: 0, index: 0 };
    this.#saved = from === null ? -1 : from.step;
  }

  async run({ signal, pause }: StepsOptions): Promise<boolean> {
    const { steps, recipe } = this.#work;
    const { checkpointEverySteps } = recipe.training;
    while (this.#step < steps && !pause.aborted) {
      signal.throwIfAborted();
      await this.#one(signal);
      if (this.#step % checkpointEverySteps === 0 && this.#step < steps) await this.#checkpoint(signal);
    }
    if (this.#saved !== this.#step) await this.#checkpoint(signal);
    return this.#step >= steps;
  }

  async #one(signal: AbortSignal): Promise<void> {
    const { recipe, steps, clock, onProgress } = this.#work;
    const values = stepValues(recipe, scheduleOf(recipe, steps), this.#step);
    const batches = await this.#batches();
    const startMs = clock.monotonicMs();
    const { loss, gradientNorm, tokens } = await this.#session.step({ batches, values }, { signal });
    const ms = clock.monotonicMs() - startMs;
    this.#step += 1;
    const stride = Math.ceil(steps / METRIC_STEPS_MAX);
    if (this.#step % stride === 0)
      await this.#metrics.add({
        ...{ kind: 'step', step: this.#step, loss, gradientNorm, learningRate: values.learningRate, tokens },
        ms: Math.round(ms * 10) / 10,
      });
    const { sequences, length } = recipe.training;
    this.#pace.push({ tokens: batches.length * sequences * length, ms });
    if (this.#pace.length > PACE_STEPS) this.#pace.shift();
    onProgress({ step: this.#step, loss, ...this.#speed() });
    if (this.#step % recipe.evaluation.everySteps === 0) await this.#validate(signal);
  }

  async #batches(): Promise<TrainingBatch[]> {
    const { train, recipe } = this.#work;
    const batches: TrainingBatch[] = [];
    for (let at = 0; at < recipe.training.accumulate; at++) {
      batches.push(await train.at(this.#position));
      this.#position = train.after(this.#position);
    }
    return batches;
  }

  #speed(): Pick<RunProgress, 'tokensPerSecond' | 'secondsLeft'> {
    const ms = this.#pace.reduce((sum, step) => sum + step.ms, 0);
    const tokens = this.#pace.reduce((sum, step) => sum + step.tokens, 0);
    if (ms <= 0) return { tokensPerSecond: null, secondsLeft: null };
    const left = this.#work.steps - this.#step;
    return {
      tokensPerSecond: (tokens * 1000) / ms,
      secondsLeft: (left * ms) / this.#pace.length / 1000,
    };
  }

  async #validate(signal: AbortSignal): Promise<void> {
    const { validation, onProgress } = this.#work;
    if (validation === null) return;
    const found = await meanLoss(this.#session, validation, { signal, batchesMax: VALIDATION_BATCHES_MAX });
    if (found === null) return;
    await this.#metrics.add({ kind: 'validation', step: this.#step, ...found });
    onProgress({ validationLoss: found.loss });
  }

  async #checkpoint(signal: AbortSignal): Promise<void> {
    const { folder, lineage, recipe, onProgress } = this.#work;
    await this.#metrics.sync();
    const { numericClass, stateBytes } = this.#session.facts;
    await folder.addCheckpoint(
      (path) => this.#session.save(path, { signal }),
      {
        ...lineage,
        ...{ step: this.#step, position: this.#position, numericClass, metricsBytes: this.#metrics.bytes },
      },
      { keep: recipe.training.keepCheckpoints, stateBytes },
    );
    this.#saved = this.#step;
    onProgress({ checkpointStep: this.#step });
  }
}
