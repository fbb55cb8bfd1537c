/** The runs of a folder in a process that may be killed: `run-process.ts FOLDER RECIPE` begins one, or goes on with it. */
import { createProcessTrainer } from '@filon/node/adapters/trainer/process-trainer';
import { openTestTrainings } from './trainings.ts';

const [, , folder = '', recipe = ''] = process.argv;
const { signal } = new AbortController();

await using here = await openTestTrainings(folder, (deps) =>
  createProcessTrainer({ libraryDirectories: [], threads: 1 }, deps),
);
const { trainings } = here;
const known = trainings.list()[0];
const order = { recipe, data: null, steps: null, seed: null, device: null, agreed: true };
const { id } = known ?? (await trainings.start(order));
const { state, error } = await trainings.watch(id, { signal, onChange: () => {} });
process.stdout.write(`${JSON.stringify({ state, error })}\n`);
