/** The calls about runs. They need a running node, which trains. Codes: TRAIN_*, DATA_*, RIG_*. */
import type { Evaluation, Metric, RunView } from '@filon/core/training/run';
import { z } from 'zod';
import type { EvaluationOrder, Trainings, TrainOrder } from '../train/pipeline.ts';

const TEXT_CHARS_MAX = 4096;
/** Between two signs of progress that say no more than how far it is. */
const TELL_EVERY_MS = 100;

/** A run in a line of progress: its recipe is known. */
export type RunSign = Pick<RunView, 'id' | 'state' | 'steps' | 'progress'>;

export type TrainProgress = { kind: 'run'; run: RunSign } | { kind: 'doing'; text: string };

export interface ExportOrder {
  run: string;
  /** Absolute. */
  path: string;
  type: 'f32' | 'f16' | 'bf16';
}

interface Call<In, Out> {
  input: In;
  output: Out;
}

export interface TrainCalls {
  /** Comes back at once; what is to be paid for it is in `quote` once it was measured. */
  trainStart: Call<TrainOrder, RunView>;
  runs: Call<Record<string, never>, RunView[]>;
  run: Call<{ run: string }, { run: RunView; metrics: Metric[] }>;
  /** Progress: `run`. Until it is at rest. */
  watchRun: Call<{ run: string }, RunView>;
  /** Comes back when a checkpoint is written. */
  stopRun: Call<{ run: string }, RunView>;
  resumeRun: Call<{ run: string }, RunView>;
  exportRun: Call<ExportOrder, { path: string }>;
  /** Progress: `doing`. */
  evaluate: Call<EvaluationOrder, Evaluation>;
}

const text = z.string().min(1).max(TEXT_CHARS_MAX);
const named = z.object({ run: text });
const source: z.ZodType<NonNullable<TrainOrder['data']>> = z.object({
  name: text,
  source: text,
  licence: text,
  origin: text,
  tried: z.boolean(),
});
const trainOrder: z.ZodType<TrainOrder> = z.object({
  recipe: text,
  data: source.nullable(),
  steps: z.int().min(1).max(10_000_000).nullable(),
  seed: z.int().min(0).max(0xffff_ffff).nullable(),
  device: text.nullable(),
  agreed: z.boolean(),
});

export const TRAIN_INPUTS: { readonly [C in keyof TrainCalls]: z.ZodType<TrainCalls[C]['input']> } = {
  trainStart: trainOrder,
  runs: z.object({}),
  run: named,
  watchRun: named,
  stopRun: named,
  resumeRun: named,
  exportRun: z.object({ run: text, path: text, type: z.enum(['f32', 'f16', 'bf16']) }),
  evaluate: z.object({ what: text, recipe: text.nullable(), device: text.nullable() }),
};

interface TrainCallOptions {
  signal: AbortSignal;
  onProgress?: (progress: TrainProgress) => void;
}

export type TrainControl = {
  readonly [C in keyof TrainCalls]: (
    input: TrainCalls[C]['input'],
    options: TrainCallOptions,
  ) => Promise<TrainCalls[C]['output']>;
};

export interface TrainCallsDeps {
  /** Opened when somebody asks for the first time. */
  trainings(): Promise<Trainings>;
  clock: { monotonicMs(): number };
}

export function createTrainCalls({ trainings, clock }: TrainCallsDeps): TrainControl {
  return {
    trainStart: async (order) => (await trainings()).start(order),
    runs: async () => (await trainings()).list(),
    run: async ({ run }) => (await trainings()).show(run),
    watchRun: async ({ run }, { signal, onProgress }) => {
      const tell = pacedTeller(clock, onProgress);
      return (await trainings()).watch(run, { signal, onChange: tell });
    },
    stopRun: async ({ run }) => (await trainings()).stop(run),
    resumeRun: async ({ run }) => (await trainings()).resume(run),
    exportRun: async ({ run, path, type }, { signal }) => {
      await (await trainings()).export(run, { path, type }, { signal });
      return { path };
    },
    evaluate: async (order, { signal, onProgress }) => {
      const onText = (doing: string): void => onProgress?.({ kind: 'doing', text: doing });
      return (await trainings()).evaluate(order, { signal, onText });
    },
  };
}

/** Each new state at once, and steps now and then. */
function pacedTeller(
  clock: { monotonicMs(): number },
  onProgress: TrainCallOptions['onProgress'],
): (run: RunView) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  let told = '';
  return ({ id, state, steps, progress }) => {
    const nowMs = clock.monotonicMs();
    if (state === told && nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    told = state;
    onProgress?.({ kind: 'run', run: { id, state, steps, progress } });
  };
}
