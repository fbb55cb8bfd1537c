/**
 * The runs of a node. Nothing of training is in memory before somebody asks for it, or before a run that an earlier node
 * left at work is found.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/settings.ts';
import { libraryFolders } from './home/library-folders.ts';
import type { HomePaths } from './home/paths.ts';
import type { Clock } from './ports/clock.ts';
import type { Log } from './ports/log.ts';
import type { Models } from './ports/models.ts';
import type { Rig } from './ports/rig.ts';
import type { Trainings } from './train/pipeline.ts';

export interface TrainingsPlace extends AsyncDisposable {
  /** Opened at the first call. Code: TRAIN_FOLDER_UNAVAILABLE. */
  trainings(): Promise<Trainings>;
}

export interface TrainingsPlaceDeps {
  paths: HomePaths;
  settings: Config;
  rig: Rig;
  models: Models;
  clock: Clock;
  log: Log;
}

export function openTrainingsPlace(deps: TrainingsPlaceDeps): TrainingsPlace {
  const { paths, log } = deps;
  let opened: Promise<Opened> | null = null;
  const trainings = async (): Promise<Trainings> => {
    opened ??= open(deps);
    try {
      return (await opened).trainings;
    } catch (error) {
      // What is mended meanwhile may be tried again.
      opened = null;
      throw error;
    }
  };
  if (existsSync(paths.training))
    trainings().catch((error: unknown) => log.warn('train.not-opened', { error }));
  return {
    trainings,
    [Symbol.asyncDispose]: async () => {
      const whole = await opened?.catch(() => null);
      await whole?.parts[Symbol.asyncDispose]();
    },
  };
}

interface Opened {
  trainings: Trainings;
  parts: AsyncDisposable;
}

async function open(deps: TrainingsPlaceDeps): Promise<Opened> {
  const { paths, settings, rig, models, clock, log } = deps;
  const [{ openTrainings }, { createProcessTrainer }, { createProcessTokenizers }] = await Promise.all([
    import('./train/pipeline.ts'),
    import('./adapters/trainer/process-trainer.ts'),
    import('./adapters/trainer/process-tokenizers.ts'),
  ]);
  const [{ openDataStore }, { createDataFiles }, { createDataFetcher }] = await Promise.all([
    import('./adapters/data/data-store.ts'),
    import('./adapters/data/data-files.ts'),
    import('./adapters/models/fetch-data.ts'),
  ]);
  const config = {
    libraryDirectories: libraryFolders(paths),
    threads: settings.threads === 0 ? null : settings.threads,
  };
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await openDataStore({ folder: join(paths.data, 'prepared') }));
  const trainings = await openTrainings(
    { folder: paths.training },
    {
      ...{ models, clock, log, randomBytes },
      trainer: createProcessTrainer(config, { rig }),
      tokenizers: createProcessTokenizers(config),
      data,
      files: createDataFiles({
        fetchData: createDataFetcher({ folder: join(paths.data, 'fetched'), clock }),
      }),
      power: {
        watts: settings.machineWatts === 0 ? null : settings.machineWatts,
        pricePerKwh: settings.pricePerKwh === '0' ? null : Number(settings.pricePerKwh),
      },
    },
  );
  stack.use(trainings);
  return { trainings, parts: stack.move() };
}
