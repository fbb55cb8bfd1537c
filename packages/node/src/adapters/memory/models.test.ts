import { describeModels } from '../../../../../test/kit/models-conformance.ts';
import { createManualClock } from './clock.ts';
import { createMemoryModels } from './models.ts';
import { createMemoryStore } from './store.ts';

describeModels('memory', async (setup) => {
  const sourceOf = (file: string): string => `https://models.test/${file}`;
  const contents = new Map(Object.entries(setup.files).map(([file, content]) => [sourceOf(file), content]));
  const asked: string[] = [];
  let gate = Promise.resolve();
  const read = async (source: string): Promise<Uint8Array | null> => {
    asked.push(source);
    await gate;
    return contents.get(source) ?? null;
  };
  const deps = { store: createMemoryStore(), clock: createManualClock(), read };
  return {
    models: createMemoryModels({ catalogue: setup.catalogue(sourceOf) }, deps),
    asked: (file) => asked.filter((source) => source === sourceOf(file)).length,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    publish: (file, content) => {
      if (content === null) contents.delete(sourceOf(file));
      else contents.set(sourceOf(file), content);
    },
    sourceOf,
    close: async () => undefined,
  };
});
