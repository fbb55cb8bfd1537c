/** Stored and loaded models as Ollama lists them. */
import type { ServedModel } from '../../serve/serving.ts';

interface Details {
  parent_model: string;
  format: 'gguf';
  family: string;
  families: string[];
  parameter_size: string;
  quantization_level: string;
}

export interface ListedModel {
  name: string;
  model: string;
  modified_at: string;
  size: number;
  digest: string;
  details: Details;
}

export interface RunningModel extends ListedModel {
  expires_at: string;
  size_vram: number;
}

export interface ShownModel {
  license: string;
  modelfile: string;
  parameters: string;
  template: string;
  details: Details;
  model_info: Record<string, string | number>;
  capabilities: string[];
  modified_at: string;
}

/** Models stay in memory until another one needs the room. */
const NEVER = '9999-12-31T23:59:59Z';

export function listedModel(stored: ServedModel): ListedModel {
  return {
    name: stored.name,
    model: stored.name,
    modified_at: timeOf(stored),
    size: stored.bytes,
    digest: stored.sha256,
    details: detailsOf(stored),
  };
}

/** On which device a model is, is not told here. */
export function runningModel(stored: ServedModel): RunningModel {
  return { ...listedModel(stored), expires_at: NEVER, size_vram: 0 };
}

/** Every model with a chat template takes tools. The template itself is the model file's. */
export function shownModel(stored: ServedModel): ShownModel {
  const { architecture } = stored;
  return {
    license: stored.licence ?? '',
    modelfile: `FROM ${stored.name}\n`,
    parameters: '',
    template: '',
    details: detailsOf(stored),
    model_info: {
      'general.architecture': architecture,
      'general.parameter_count': stored.parameters,
      [`${architecture}.context_length`]: stored.trainedContextTokens,
    },
    capabilities: ['completion', 'tools'],
    modified_at: timeOf(stored),
  };
}

function detailsOf({ architecture, parameters, quantization, lora }: ServedModel): Details {
  return {
    parent_model: lora?.baseName ?? '',
    format: 'gguf',
    family: architecture,
    families: [architecture],
    parameter_size: parametersText(parameters),
    quantization_level: quantization,
  };
}

function parametersText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(2)}M` : `${Math.round(count / 1e3)}K`;
}

function timeOf({ pulledAtMs }: ServedModel): string {
  return new Date(pulledAtMs).toISOString();
}
