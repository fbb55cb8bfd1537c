/** Runs that a test writes, with nothing behind them. */
import { CurveMaker } from '@filon/core/training/curves';
import type { Evaluation, RunView } from '@filon/core/training/run';
import { runUnknown } from '@filon/core/training/run-errors';
import type { PanelTrainings } from '@filon/node/gateway/panel/panel-node';
import { loadRecipe } from '@filon/node/train/load-recipe';
import type { TrainOrder } from '@filon/node/train/pipeline';
import type { RunLook } from '@filon/node/train/run/run-reader';

const { recipe: MEDICAL, path } = await loadRecipe('medical');
const HASH = 'ab'.repeat(32);

export const evaluationOf = (loss: number, right: number): Evaluation => ({
  heldOut: { loss, perplexity: Math.exp(loss), tokens: 9000, bitsPerByte: loss / 3 },
  general: {
    loss: 2.9 + right / 1000,
    perplexity: Math.exp(2.9 + right / 1000),
    tokens: 4000,
    bitsPerByte: 1.2,
  },
  choices: { right, all: 40 },
});

/** Of the recipe `medical`, in the middle of it. */
export function runOf(id: string, { progress, ...more }: Partial<RunView> = {}): RunView {
  return {
    ...{ format: 1, id, recipe: MEDICAL, recipeSha256: HASH, folder: path, device: 'cpu' },
    ...{ createdAtMs: 1_790_000_000_000, state: 'training', error: null, manifest: 'cd'.repeat(32) },
    ...{ tokenizer: 'ef'.repeat(32), base: { name: 'smollm2-135m', sha256: '12'.repeat(32) }, steps: 400 },
    facts: {
      ...{ parameters: 134_515_008, trainedParameters: 4_884_480, vocabularySize: 49_152, precision: 'bf16' },
      ...{ stateBytes: 6e7, stepBytes: 9e8, numericClass: 'cpu', updates: 0 },
    },
    ...{ recompute: false, agreed: true, before: evaluationOf(2.31, 14), after: null, generalRise: null },
    quote: { seconds: 1830, measured: true, kwh: 0.0916, cost: 0.0229, diskBytes: 3.2e8 },
    result: null,
    ...more,
    progress: {
      ...{ step: 150, loss: 1.42, validationLoss: 1.57, tokensPerSecond: 412, secondsLeft: 1140 },
      ...{ checkpointStep: 100, text: 'training', ...progress },
    },
  };
}

/** As a run that learns looks at its `steps`th step. */
export function lookOf(run: RunView, steps: number = run.progress.step): RunLook {
  const maker = new CurveMaker();
  for (let step = 1; step <= steps; step++) {
    const loss = 0.9 + 1.5 * Math.exp(-step / 60) + 0.12 * Math.sin(step * 12.9898) ** 3;
    const rising = Math.min(1, step / 20);
    maker.add({
      ...{ kind: 'step', step, loss, gradientNorm: 0.4 + loss / 3, tokens: 2048, ms: 1100 },
      learningRate: 2e-4 * rising * (0.5 + 0.5 * Math.cos((Math.PI * step) / 400)),
    });
    if (step % 50 === 0) maker.add({ kind: 'validation', step, loss: loss + 0.15, tokens: 4096 });
  }
  const checkpoints = [100, 50]
    .filter((step) => step <= steps)
    .map((step) => ({
      ...{ format: 1 as const, id: HASH, run: run.id, recipeSha256: HASH, manifest: HASH, tokenizer: HASH },
      ...{ base: HASH, step, position: { epoch: 0, index: step }, numericClass: 'cpu', metricsBytes: 1 },
      state: { sha256: HASH, bytes: 58_613_760 },
    }));
  return { run, checkpoints, curves: maker.curves };
}

export interface ScriptedTrainings extends PanelTrainings {
  /** What was asked for, in words. */
  readonly asked: string[];
  readonly orders: TrainOrder[];
  put(run: RunView, look?: RunLook): void;
  clear(): void;
}

/** `start` prepares a run that is called after its recipe, and leaves it to the test. */
export function createScriptedTrainings(): ScriptedTrainings {
  const looks = new Map<string, RunLook>();
  const asked: string[] = [];
  const orders: TrainOrder[] = [];
  const find = (id: string): RunLook => {
    const found = looks.get(id);
    if (found === undefined) throw runUnknown(id, [...looks.keys()]);
    return found;
  };
  const put: ScriptedTrainings['put'] = (run, look = lookOf(run)) => void looks.set(run.id, look);
  const become = (id: string, change: Partial<RunView>): RunView => {
    const look = find(id);
    looks.set(id, { ...look, run: { ...look.run, ...change } });
    return find(id).run;
  };
  return {
    ...{ asked, orders, put },
    clear: () => {
      looks.clear();
      asked.length = 0;
      orders.length = 0;
    },
    list: () => [...looks.values()].map(({ run }) => run),
    reader: (id) => {
      find(id);
      return { look: async () => find(id) };
    },
    start: async (order) => {
      orders.push(order);
      const { recipe } = await loadRecipe(order.recipe);
      const run = runOf(`${recipe.name}-1`, {
        ...{ recipe, state: 'preparing', agreed: false, quote: null, steps: null, facts: null, before: null },
        ...{ manifest: null, tokenizer: null, base: null, device: null },
      });
      run.progress = { ...run.progress, step: 0, loss: null, validationLoss: null, text: 'reading the data' };
      put(run, lookOf(run, 0));
      return run;
    },
    stop: async (id) => {
      asked.push(`stop ${id}`);
      return become(id, { state: 'stopped' });
    },
    resume: async (id) => {
      asked.push(`resume ${id}`);
      return become(id, { state: 'training', agreed: true, error: null });
    },
  };
}
