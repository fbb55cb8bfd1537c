/** `GET /v1/models` as Anthropic answers it. */
import type { ServedModel } from '../../serve/serving.ts';

export interface AnthropicModel {
  type: 'model';
  id: string;
  display_name: string;
  created_at: string;
  max_input_tokens: number;
  max_tokens: number;
}

export interface AnthropicModels {
  data: AnthropicModel[];
  has_more: false;
  first_id: string | null;
  last_id: string | null;
}

export function anthropicModel(stored: ServedModel): AnthropicModel {
  return {
    type: 'model',
    id: stored.name,
    display_name: stored.name,
    created_at: new Date(stored.pulledAtMs).toISOString(),
    max_input_tokens: stored.trainedContextTokens,
    max_tokens: stored.trainedContextTokens,
  };
}

/** All on one page, whatever `limit` says: a node stores few. */
export function anthropicModels(stored: readonly ServedModel[]): AnthropicModels {
  const data = stored.map(anthropicModel);
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}
