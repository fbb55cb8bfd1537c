/** `GET /v1/models`, with what a client may want to know beside OpenAI's own fields. */
import type { PrivacyTier } from '@filon/core/serving/tier';
import type { ServedModel } from '../../serve/serving.ts';

export interface OpenAiModel {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  context_length: number;
  architecture: string;
  quantization: string;
  license: string | null;
  /** Of a LoRA: the model that it is on. */
  parent?: string | undefined;
  /** What no other API has. */
  filon: {
    bytes: number;
    parameters: number;
    loaded: boolean;
    upstream?: true | undefined;
    elsewhere?: PrivacyTier | undefined;
  };
}

/** `loaded`: names of the models in memory. */
export function openAiModel(stored: ServedModel, loaded: readonly string[]): OpenAiModel {
  return {
    id: stored.name,
    object: 'model',
    created: Math.floor(stored.pulledAtMs / 1000),
    owned_by: 'filon',
    context_length: stored.trainedContextTokens,
    architecture: stored.architecture,
    quantization: stored.quantization,
    license: stored.licence,
    ...(stored.lora !== undefined && { parent: stored.lora.baseName }),
    filon: {
      bytes: stored.bytes,
      parameters: stored.parameters,
      loaded: stored.upstream === true || loaded.includes(stored.name),
      ...(stored.upstream === true ? { upstream: true } : {}),
      ...(stored.elsewhere !== undefined && { elsewhere: stored.elsewhere }),
    },
  };
}
