/** The calls about models on the disk. They need no running node, only its home. */
import { FilonError } from '@filon/core/errors';
import type { LoadedModel } from '@filon/core/serving/session';
import type { Models, StoredModel } from '../ports/models.ts';
import type { RemoteModel } from '../ports/replicas.ts';
import type { UpstreamView } from '../serve/upstream/places.ts';
import type { ModelControl } from './calls.ts';
import type { ControlErrorDetails } from './errors.ts';

export interface ModelCallsDeps {
  models: Models;
  /** What is in memory now. */
  loaded(): readonly LoadedModel[];
  /** What other nodes have ready. Absent: nothing. */
  elsewhere?(): readonly RemoteModel[];
  /** What endpoints that this node knows serve. Absent: nothing. */
  upstreams?(): readonly UpstreamView[];
  /** Takes a model out of memory before it is removed. */
  unload(model: StoredModel, options: { signal: AbortSignal }): Promise<void>;
}

export function createModelCalls(deps: ModelCallsDeps): ModelControl {
  const { models, elsewhere = () => [], upstreams = () => [] } = deps;
  const loadedAs = (stored: StoredModel | null): LoadedModel | null =>
    deps.loaded().find((model) => model.model === stored?.sha256) ?? null;
  return {
    models: async () => {
      const stored = await models.list();
      return {
        stored: stored.map((model) => ({ ...model, loaded: loadedAs(model) !== null })),
        elsewhere: elsewhere(),
        upstreams: upstreams(),
        catalogue: models.catalogue(),
      };
    },
    show: async ({ name }) => {
      const stored = await models.find(name);
      const known = stored?.name ?? name;
      const catalogue = models.catalogue().find((entry) => entry.name === known) ?? null;
      const others =
        elsewhere().find((one) => [one.name, one.sha256].includes(stored?.sha256 ?? name)) ?? null;
      if (stored === null && catalogue === null && others === null) throw unknownModel(name, models);
      return { name: known, stored, catalogue, loaded: loadedAs(stored), elsewhere: others };
    },
    pull: ({ name, repin, lora }, { signal, onProgress }) =>
      models.pull(name, { signal, repin, lora, onProgress: (pull) => onProgress?.({ kind: 'pull', pull }) }),
    remove: async ({ name }, { signal }) => {
      const stored = await findModel(models, name);
      if (loadedAs(stored) !== null) await deps.unload(stored, { signal });
      await models.remove(stored.name);
      return stored;
    },
  };
}

/** The stored model of this name. Code: CONTROL_MODEL_UNKNOWN. */
export async function findModel(models: Models, name: string): Promise<StoredModel> {
  const stored = await models.find(name);
  if (stored === null) throw unknownModel(name, models);
  return stored;
}

function unknownModel(model: string, models: Models): FilonError<ControlErrorDetails> {
  const hint = models.catalogue().some((entry) => entry.name === model)
    ? `\`filon pull ${model}\` fetches it.`
    : '`filon ls --all` lists what is here and what can be pulled.';
  return new FilonError<ControlErrorDetails>(
    { code: 'CONTROL_MODEL_UNKNOWN', model },
    `There is no model "${model}" here. ${hint}`,
  );
}
