/**
 * A process of its own that pulls one model, for tests that kill it or run two of it. Arguments: home, source, and the
 * PATH in which pip is looked for. Prints the hash of what it pulled.
 */
import { openModels } from '@filon/node/adapters/models/open-models';
import { createTestStore, realClock } from './models-means.ts';

const [home = '', source = '', path = ''] = process.argv.slice(2);
await using models = await openModels(
  { home, catalogue: [], pipEnvironment: { PATH: path }, http: { allowPrivate: true } },
  { store: createTestStore(), clock: realClock },
);
const model = await models.pull(source, { signal: new AbortController().signal });
process.stdout.write(model.sha256);
