import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileServer } from '../../../../../test/kit/file-server.ts';
import { describeModels } from '../../../../../test/kit/models-conformance.ts';
import { createTestStore, realClock } from '../../../../../test/kit/models-means.ts';
import { openModels } from './open-models.ts';

describeModels('disk', async (setup) => {
  const home = await mkdtemp(join(tmpdir(), 'filon-models-'));
  const server = await FileServer.open();
  for (const [path, content] of Object.entries(setup.files)) server.files.set(path, { content });
  const models = await openModels(
    {
      home,
      catalogue: setup.catalogue((file) => server.url(file)),
      pipEnvironment: {},
      http: { allowPrivate: true },
    },
    { store: createTestStore(), clock: realClock },
  );
  return {
    models,
    asked: (file) => server.count(file),
    hold: () => server.hold(),
    publish: (file, content) =>
      content === null ? server.files.delete(file) : server.files.set(file, { content }),
    sourceOf: (file) => server.url(file),
    close: async () => {
      await models[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
});
