/** The programs that are compared: this trainer in its process, and PyTorch in its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TrainingBatch } from '@filon/core/training/batch';
import { PROJECTIONS } from '@filon/core/training/quote';
import type { StepValues, TrainedModel, TrainingPrecision } from '@filon/core/training/session';
import { findLibraryDirectory } from '@filon/engine/ffi/library-directory';
import { startTrainingProcess } from '@filon/engine/trainer/process/training-process';
import { starterModel } from '../../test/kit/starter-model.ts';

export interface Program {
  /** One step; its seconds. */
  step: () => Promise<number>;
  /** The most memory that it had resident. */
  peakBytes: () => number;
  close: () => Promise<void>;
}

export const TRAININGS = {
  whole: { sequences: 24, length: 96, vocabulary: 256 },
  lora: { sequences: 8, length: 256, vocabulary: 49_152 },
} as const;
export type TrainingName = keyof typeof TRAININGS;

const VALUES: StepValues = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clipNorm: 1,
};
const STEP_TIMEOUT_MS = 600_000;
const WARM_UP_STEPS = 2;

async function modelOf(name: TrainingName): Promise<TrainedModel> {
  if (name === 'lora')
    return {
      kind: 'lora',
      path: (await starterModel()).path,
      rank: 16,
      alpha: 32,
      projections: PROJECTIONS,
      seed: 1,
    };
  const model = {
    layers: 4,
    width: 192,
    heads: 6,
    kvHeads: 6,
    feedForward: 512,
    vocabulary: TRAININGS.whole.vocabulary,
    context: TRAININGS.whole.length,
    ropeBase: 10_000,
    tied: false,
  };
  return { kind: 'fresh', model, seed: 1 };
}

export async function openOurs(
  name: TrainingName,
  { precision, threads, signal }: { precision: TrainingPrecision; threads: number; signal: AbortSignal },
): Promise<Program> {
  const training = startTrainingProcess({
    libraryDirectory: findLibraryDirectory([]),
    device: 'cpu',
    backend: 'cpu',
    threads,
  });
  const { sequences, length } = TRAININGS[name];
  const wait = { signal, timeoutMs: STEP_TIMEOUT_MS };
  const model = await modelOf(name);
  await training.call('open', { device: 'cpu', model, sequences, length, precision, recompute: false }, wait);
  const request = { batches: [batchOf(name)], values: VALUES };
  const step = async (): Promise<number> => {
    const from = performance.now();
    await training.call('step', request, wait);
    return (performance.now() - from) / 1000;
  };
  for (let count = 0; count < WARM_UP_STEPS; count += 1) await step();
  return { step, peakBytes: () => peakOf(training.pid), close: () => training.end() };
}

/** Any tokens: the speed does not depend on them. */
function batchOf(name: TrainingName): TrainingBatch {
  const { sequences, length, vocabulary } = TRAININGS[name];
  const count = sequences * length;
  const token = (index: number) => (index * 7919 + 13) % vocabulary;
  return {
    sequences,
    length,
    tokens: Int32Array.from({ length: count }, (_, index) => token(index)),
    targets: Int32Array.from({ length: count }, (_, index) => token(index + 1)),
    positions: Int32Array.from({ length: count }, (_, index) => index % length),
    documents: new Int32Array(count),
  };
}

export async function openPytorch(
  name: TrainingName,
  { mode, threads, python }: { mode: string; threads: number; python: string },
): Promise<Program> {
  const script = join(import.meta.dirname, 'pytorch.py');
  const child = spawn(python, [script, name, mode, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<{ seconds?: number }> => {
    const { value, done } = await lines.next();
    if (done) throw new TypeError(`PyTorch ended before it answered (${name}, ${mode})`);
    return JSON.parse(String(value)) as { seconds?: number };
  };
  await answer();
  return {
    step: async () => {
      child.stdin.write('\n');
      return (await answer()).seconds ?? 0;
    },
    peakBytes: () => peakOf(child.pid ?? 0),
    close: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function peakOf(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}
