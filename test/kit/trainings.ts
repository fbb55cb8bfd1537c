/** The runs of a folder, without a node around them. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDataFiles } from '@filon/node/adapters/data/data-files';
import { openDataStore } from '@filon/node/adapters/data/data-store';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import { createMemoryRig } from '@filon/node/adapters/memory/rig';
import type { Rig } from '@filon/node/ports/rig';
import type { Trainer } from '@filon/node/ports/trainer';
import { openTrainings, type Trainings } from '@filon/node/train/pipeline';
import type { RunMeans } from '@filon/node/train/run/basis';
import type { FreeBytes } from '@filon/node/train/run/run-folder';

const CPU = { id: 'cpu', backend: 'cpu' as const, name: 'cpu', memoryBytes: 1, freeBytes: 1 };

export interface TestTrainings extends AsyncDisposable {
  trainings: Trainings;
  rig: Rig;
  log: ReturnType<typeof createMemoryLog>;
}

/** A store that takes a model's file and says what it got. */
const models: RunMeans['models'] = {
  find: async () => null,
  pull: async (source) => {
    const bytes = await readFile(source.slice('file:'.length));
    return {
      ...{ name: 'taken', sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length },
      ...{ path: '', architecture: 'llama', quantization: 'F16', parameters: 1, trainedContextTokens: 1 },
      ...{ licence: null, source, pulledAtMs: 0 },
    };
  },
};

export async function openTestTrainings(
  folder: string,
  trainer: (deps: { rig: Rig }) => Trainer,
  freeBytes?: FreeBytes,
): Promise<TestTrainings> {
  const clock = createSystemClock();
  const rig = createMemoryRig({ cards: [CPU] }, { clock });
  const log = createMemoryLog();
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await openDataStore({ folder: join(folder, 'data') }));
  const fetchData = (): never => {
    throw new TypeError('nothing is fetched here');
  };
  const means: RunMeans = {
    ...{ trainer: trainer({ rig }), models, clock, log, data, files: createDataFiles({ fetchData }) },
    tokenizers: { open: () => Promise.reject(new TypeError('there is no base here')) },
    ...{ randomBytes, power: { watts: 100, pricePerKwh: 0.5 } },
  };
  const config = { folder: join(folder, 'training'), ...(freeBytes === undefined ? {} : { freeBytes }) };
  const trainings = stack.use(await openTrainings(config, means));
  const parts = stack.move();
  return { trainings, rig, log, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
