/** A run around a trainer of this process: what it writes, where it goes on, and how it fails. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilonError } from '@filon/core/errors';
import type { Metric, RunView } from '@filon/core/training/run';
import type { TrainingSpec } from '@filon/core/training/session';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SmallChanges, writeSmallRecipe } from '../../../../../test/kit/small-recipe.ts';
import { openTestTrainings } from '../../../../../test/kit/trainings.ts';
import { createMemoryTrainer } from '../../adapters/memory/trainer.ts';
import type { Rig } from '../../ports/rig.ts';
import type { Trainer } from '../../ports/trainer.ts';
import type { Trainings } from '../pipeline.ts';

const { signal } = new AbortController();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'filon-run-'));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }));

const order = (recipe: string, agreed = true) => ({
  ...{ recipe, data: null, steps: null, seed: null, device: null, agreed },
});
const begin = async (trainings: Trainings, changes: SmallChanges = {}, agreed = true): Promise<RunView> =>
  trainings.start(order(writeSmallRecipe(folder, changes), agreed));
const atRest = (trainings: Trainings, id: string): Promise<RunView> =>
  trainings.watch(id, { signal, onChange: () => {} });

/** Until a condition holds of it. */
function until(trainings: Trainings, id: string, holds: (run: RunView) => boolean): Promise<unknown> {
  const leave = new AbortController();
  const onChange = (run: RunView): void => {
    if (holds(run)) leave.abort();
  };
  return trainings.watch(id, { signal: leave.signal, onChange }).catch(() => undefined);
}

const losses = (metrics: readonly Metric[]): unknown =>
  metrics.map((metric) => (metric.kind === 'step' ? { ...metric, ms: 0 } : metric));

/** Steps that wait until they are let go, and other things that trainers do. */
function withSteps(deps: { rig: Rig }, before: (step: number) => Promise<void>): Trainer {
  const trainer = createMemoryTrainer(deps);
  return {
    ...trainer,
    open: async (spec, options) => {
      const session = await trainer.open(spec, options);
      const { step } = session;
      session.step = async (request, waiting) => {
        await before(session.facts.updates + 1);
        return step.call(session, request, waiting);
      };
      return session;
    },
  };
}

describe('a run', () => {
  test('says what it takes, waits for a yes, and becomes a model with numbers before and after', async () => {
    await using here = await openTestTrainings(folder, createMemoryTrainer);
    const { trainings } = here;
    const { id } = await begin(trainings, { training: { learningRate: 1 } }, false);
    expect(id).toBe('small-1');
    const quoted = await atRest(trainings, id);
    expect(quoted).toMatchObject({ state: 'quoted', steps: 24, quote: { measured: true }, before: null });
    expect(quoted.quote?.cost).toBeCloseTo((quoted.quote?.kwh ?? 0) * 0.5, 12);
    await trainings.resume(id);
    const done = await atRest(trainings, id);
    expect(done).toMatchObject({ state: 'done', error: null, result: { name: 'taken' } });
    expect(done.progress).toMatchObject({ step: 24, checkpointStep: 24 });
    const [before, after] = [done.before?.heldOut, done.after?.heldOut];
    expect(before?.bitsPerByte).toBeCloseTo(Math.log2(259), 0);
    expect(after?.loss).toBeLessThan((before?.loss ?? 0) - 0.1);
    expect(after?.perplexity).toBeCloseTo(Math.exp(after?.loss ?? 0), 9);
    expect(after?.tokens).toBe(before?.tokens);
    expect(done.after?.choices).toEqual({ right: 6, all: 6 });
    expect(done.generalRise).toBeCloseTo(
      (done.after?.general?.perplexity ?? 0) / (done.before?.general?.perplexity ?? 1) - 1,
      12,
    );
    const { metrics } = await trainings.show(id);
    expect(metrics.flatMap(({ kind, step }) => (kind === 'step' ? [step] : []))).toEqual(
      Array.from({ length: 24 }, (_, at) => at + 1),
    );
    expect(metrics.flatMap(({ kind, step }) => (kind === 'validation' ? [step] : []))).toEqual([8, 16, 24]);
    const kept = await readdir(join(folder, 'training', id, 'checkpoints'));
    expect(kept.filter((name) => name.endsWith('.json'))).toEqual(['00000020.json', '00000024.json']);
    expect(kept.filter((name) => name.endsWith('.state'))).toHaveLength(2);
    await expect(trainings.resume(id)).rejects.toMatchObject({ code: 'TRAIN_RUN_STATE' });
  });

  test('that is stopped, and one whose node ends, goes on with the losses of one that was not', async () => {
    await using whole = await openTestTrainings(join(folder, 'whole'), createMemoryTrainer);
    const first = await begin(whole.trainings);
    await atRest(whole.trainings, first.id);
    const expected = losses((await whole.trainings.show(first.id)).metrics);
    const place = join(folder, 'cut');
    {
      await using here = await openTestTrainings(place, createMemoryTrainer);
      const { id } = await begin(here.trainings);
      await until(here.trainings, id, ({ progress }) => progress.step >= 7);
      const stopped = await here.trainings.stop(id);
      expect([stopped.state, stopped.progress.checkpointStep]).toEqual(['stopped', stopped.progress.step]);
      await here.trainings.resume(id);
      await until(here.trainings, id, ({ progress }) => progress.step >= 12);
    }
    await using here = await openTestTrainings(place, createMemoryTrainer);
    const done = await atRest(here.trainings, 'small-1');
    expect([done.state, done.error]).toEqual(['done', null]);
    expect(losses((await here.trainings.show('small-1')).metrics)).toEqual(expected);
  });

  test('gives its device to serving, waits, and goes on', async () => {
    const gate = Promise.withResolvers<void>();
    await using here = await openTestTrainings(folder, (deps) =>
      withSteps(deps, async (step) => {
        if (step === 9) await gate.promise;
      }),
    );
    const { trainings, rig } = here;
    const { id } = await begin(trainings);
    await until(trainings, id, ({ progress }) => progress.step >= 8);
    const serving = rig.lease('cpu', 'serve', { signal });
    gate.resolve();
    const lease = await serving;
    await until(trainings, id, ({ state }) => state === 'waiting');
    const { step, checkpointStep } = (await trainings.show(id)).run.progress;
    expect([step >= 8, checkpointStep]).toEqual([true, step]);
    await lease[Symbol.asyncDispose]();
    expect(await atRest(trainings, id)).toMatchObject({ state: 'done', progress: { step: 24 } });
  });

  test('whose numbers are none stops, says which step, and keeps the last good checkpoint', async () => {
    await using here = await openTestTrainings(folder, (deps) =>
      withSteps(deps, async (step) => {
        if (step === 13)
          throw new FilonError({ code: 'TRAIN_NOT_FINITE', update: step }, `update ${step} has loss NaN`);
      }),
    );
    const { id } = await begin(here.trainings);
    const failed = await atRest(here.trainings, id);
    expect(failed).toMatchObject({
      state: 'failed',
      error: { details: { code: 'TRAIN_NOT_FINITE', update: 13 } },
    });
    expect(failed.progress.checkpointStep).toBe(10);
    const path = join(folder, 'last-good.gguf');
    await here.trainings.export(id, { path, type: 'f16' }, { signal });
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      updates: 10,
      metadata: { 'general.license': 'CC0-1.0', 'filon.steps': '10', 'filon.run': id },
    });
  });

  test('goes on whenever it is told to, and never before its quote was said', async () => {
    let faults = 1;
    await using here = await openTestTrainings(folder, (deps) => {
      const trainer = createMemoryTrainer(deps);
      return {
        ...trainer,
        open: async (spec, options) => {
          if (faults-- > 0) throw new FilonError({ code: 'TRAIN_MODEL_UNSUPPORTED' }, 'not this one');
          return trainer.open(spec, options);
        },
      };
    });
    const { trainings } = here;
    const { id } = await begin(trainings, {}, false);
    expect(await atRest(trainings, id)).toMatchObject({ state: 'failed', quote: null });
    await trainings.resume(id);
    // Told the moment that it waits, before its device is given back.
    let isTold = false;
    const quoted = Promise.withResolvers<void>();
    await trainings.watch(id, {
      signal,
      onChange: ({ state, agreed, quote }) => {
        if (state !== 'quoted' || isTold) return;
        isTold = true;
        expect([agreed, quote]).toEqual([false, expect.anything()]);
        trainings.resume(id).then(() => quoted.resolve(), quoted.reject);
      },
    });
    await quoted.promise;
    expect(await atRest(trainings, id)).toMatchObject({ state: 'done', agreed: true });
  });

  test('whose process dies goes on, and one whose process keeps dying is given up', async () => {
    let deaths = 0;
    const died = (): never => {
      deaths += 1;
      throw new FilonError({ code: 'TRAIN_PROCESS_DIED' }, 'it died');
    };
    let mortal = 2;
    await using here = await openTestTrainings(folder, (deps) =>
      withSteps(deps, async (step) => {
        if (step === 12 && mortal-- > 0) died();
      }),
    );
    const { id } = await begin(here.trainings);
    expect(await atRest(here.trainings, id)).toMatchObject({ state: 'done', error: null });
    expect(deaths).toBe(2);
    mortal = 100;
    const second = await begin(here.trainings);
    const failed = await atRest(here.trainings, second.id);
    expect(failed).toMatchObject({ id: 'small-2', state: 'failed' });
    expect([failed.error?.details.code, deaths]).toEqual(['TRAIN_PROCESS_DIED', 5]);
  });

  test('whose step does not fit into memory computes twice what it cannot keep, and says so where that is not enough', async () => {
    let fits = (spec: TrainingSpec): boolean => spec.recompute;
    const short = (deps: { rig: Rig }): Trainer => {
      const trainer = createMemoryTrainer(deps);
      const details = { code: 'TRAIN_OUT_OF_MEMORY', what: 'a step', neededBytes: 2, freeBytes: 1 };
      const open: Trainer['open'] = (spec, options) =>
        fits(spec) ? trainer.open(spec, options) : Promise.reject(new FilonError(details, 'too large'));
      return { ...trainer, open };
    };
    await using here = await openTestTrainings(folder, short);
    const { id } = await begin(here.trainings);
    expect(await atRest(here.trainings, id)).toMatchObject({ state: 'done', recompute: true });
    fits = () => false;
    const second = await begin(here.trainings);
    const failed = await atRest(here.trainings, second.id);
    expect(failed).toMatchObject({ state: 'failed', error: { details: { code: 'TRAIN_OUT_OF_MEMORY' } } });
  });

  test('that has no room on the disk fails before it writes, and goes on when there is some', async () => {
    let free = Number.MAX_SAFE_INTEGER;
    await using here = await openTestTrainings(
      folder,
      (deps) =>
        withSteps(deps, async (step) => {
          if (step === 8) free = 64 * 1024 * 1024 + 100_000;
        }),
      async () => free,
    );
    const { id } = await begin(here.trainings);
    const failed = await atRest(here.trainings, id);
    expect(failed.error).toMatchObject({ details: { code: 'TRAIN_DISK_FULL' } });
    expect(failed.progress.checkpointStep).toBe(5);
    const kept = await readdir(join(folder, 'training', id, 'checkpoints'));
    expect(kept.toSorted()).toEqual([
      expect.stringMatching(/^0{7}5\.json$/),
      expect.stringMatching(/\.state$/),
    ]);
    free = Number.MAX_SAFE_INTEGER;
    await here.trainings.resume(id);
    expect(await atRest(here.trainings, id)).toMatchObject({
      error: { details: { code: 'TRAIN_DISK_FULL' } },
    });
  });

  test('that is stopped where nothing can be saved says so', async () => {
    let free = Number.MAX_SAFE_INTEGER;
    await using here = await openTestTrainings(folder, createMemoryTrainer, async () => free);
    const { id } = await begin(here.trainings, { training: { steps: 10_000, checkpointEverySteps: 10_000 } });
    await until(here.trainings, id, ({ progress }) => progress.step >= 3);
    free = 64 * 1024 * 1024 + 100_000;
    const stopped = await here.trainings.stop(id);
    expect(stopped).toMatchObject({ state: 'failed', error: { details: { code: 'TRAIN_DISK_FULL' } } });
    free = Number.MAX_SAFE_INTEGER;
    await here.trainings.resume(id);
    await until(here.trainings, id, ({ progress }) => progress.step >= 3);
    expect(await here.trainings.stop(id)).toMatchObject({ state: 'stopped', error: null });
  });

  test('whose newest checkpoint is damaged takes the one before it', async () => {
    await using here = await openTestTrainings(folder, createMemoryTrainer);
    const { id } = await begin(here.trainings);
    await until(here.trainings, id, ({ progress }) => (progress.checkpointStep ?? 0) >= 10);
    const { progress } = await here.trainings.stop(id);
    const place = join(folder, 'training', id, 'checkpoints');
    const newest = String(progress.checkpointStep).padStart(8, '0');
    const { state } = JSON.parse(await readFile(join(place, `${newest}.json`), 'utf8'));
    await writeFile(join(place, `${state.sha256}.state`), 'rubbish');
    await here.trainings.resume(id);
    expect(await atRest(here.trainings, id)).toMatchObject({ state: 'done' });
    expect(here.log.lines.map(({ event }) => event)).toContain('train.checkpoint-bad');
    const steps = (await here.trainings.show(id)).metrics.filter(({ kind }) => kind === 'step');
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
  });

  test('that unlearns general text more than its recipe allows stays out of the store', async () => {
    await using here = await openTestTrainings(folder, (deps) => {
      const trainer = createMemoryTrainer(deps);
      return {
        ...trainer,
        open: async (spec, options) => {
          const session = await trainer.open(spec, options);
          const { evaluate } = session;
          session.evaluate = async (batch, waiting) => {
            const found = await evaluate.call(session, batch, waiting);
            return session.facts.updates === 0 ? found : { ...found, loss: 6 };
          };
          return session;
        },
      };
    });
    const { id } = await begin(here.trainings);
    const done = await atRest(here.trainings, id);
    expect(done).toMatchObject({ state: 'done', result: null, error: null });
    expect(done.generalRise).toBeCloseTo(Math.exp(6) / 259 - 1, 6);
  });
});

test('what no trainer here can do is refused before anything is made', async () => {
  await using here = await openTestTrainings(folder, createMemoryTrainer);
  const asked = begin(here.trainings, { training: { optimiser: 'muon' } });
  await expect(asked).rejects.toMatchObject({ code: 'TRAIN_RECIPE_UNSUPPORTED' });
  expect(here.trainings.list()).toEqual([]);
  await expect(here.trainings.stop('none-1')).rejects.toMatchObject({ code: 'TRAIN_RUN_UNKNOWN' });
});
