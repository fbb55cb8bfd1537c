/** The starter model, pulled as a user's node pulls it, once a checkout: tests share the store that keeps it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryStore } from '@filon/node/adapters/memory/store';
import { loadCatalogue } from '@filon/node/adapters/models/load-catalogue';
import { openModels } from '@filon/node/adapters/models/open-models';
import type { StoredModel } from '@filon/node/ports/models';

export const STARTER = 'smollm2-135m';
const HOME = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'filon-tests');
const PULL_TIMEOUT_MS = 600_000;

export async function starterModel(): Promise<StoredModel> {
  await mkdir(HOME, { recursive: true });
  const pipEnvironment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  await using models = await openModels(
    { home: HOME, catalogue: await loadCatalogue(), pipEnvironment },
    { store: createMemoryStore(), clock: createSystemClock() },
  );
  return (
    (await models.find(STARTER)) ??
    (await models.pull(STARTER, { signal: AbortSignal.timeout(PULL_TIMEOUT_MS) }))
  );
}
