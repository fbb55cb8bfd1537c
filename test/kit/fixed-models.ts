/** A Models port over a list: nothing is ever pulled. */
import { FilonError } from '@filon/core/errors';
import type { Models, StoredModel } from '@filon/node/ports/models';

export function storedModel(name: string, digit = 'a'): StoredModel {
  return {
    name,
    sha256: digit.repeat(64),
    path: `/models/${digit}`,
    bytes: 1_000_000,
    architecture: 'scripted',
    quantization: 'Q4_1',
    parameters: 1_000,
    trainedContextTokens: 2048,
    licence: 'Apache-2.0',
    source: 'file:/models',
    pulledAtMs: 1_700_000_000_000,
  };
}

export function createFixedModels(stored: readonly StoredModel[]): Models {
  const refuse = async (): Promise<never> => {
    throw new FilonError({ code: 'MODELS_FIXED' }, 'this list of models does not change');
  };
  return {
    catalogue: () => [],
    list: async () => [...stored],
    find: async (name) => stored.find((model) => model.name === name || model.sha256 === name) ?? null,
    pull: refuse,
    remove: refuse,
  };
}
