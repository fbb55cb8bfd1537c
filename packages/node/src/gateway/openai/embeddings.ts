/** `POST /v1/embeddings`. */
import type { Prompt } from '@filon/core/serving/completion';
import { z } from 'zod';
import type { Serving } from '../../serve/serving.ts';
import type { Caller } from '../http/intake.ts';
import { INPUTS_MAX, MODEL_CHARACTERS_MAX } from '../http/limits.ts';
import { invalid, parseFields, unsupported } from '../http/validate.ts';
import { countUnknown } from './common-fields.ts';
import { promptsOf } from './text-request.ts';

interface Fields {
  model: string;
  encoding_format?: 'float' | 'base64' | null | undefined;
  dimensions?: number | null | undefined;
}

export const embeddingFields: z.ZodType<Fields> = z.object({
  model: z.string().min(1).max(MODEL_CHARACTERS_MAX),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).nullish(),
});
const KNOWN = new Set(['model', 'input', 'encoding_format', 'dimensions', 'user']);

export interface EmbeddingList {
  object: 'list';
  data: { object: 'embedding'; index: number; embedding: number[] | string }[];
  model: string;
  usage: { prompt_tokens: number; total_tokens: number };
}

export async function embeddings(
  serving: Pick<Serving, 'embed'>,
  body: Record<string, unknown>,
  caller: Caller,
): Promise<EmbeddingList> {
  const fields = parseFields(embeddingFields, body);
  caller.onUnknownFields(countUnknown(body, KNOWN));
  const inputs = promptsOf(body['input'], { field: 'input', max: INPUTS_MAX });
  for (const [index, input] of inputs.entries())
    refuseEmpty(input, inputs.length === 1 ? 'input' : `input[${index}]`);
  const { model, vectors, promptTokens } = await serving.embed({ model: fields.model, inputs }, caller);
  const length = vectors[0]?.length ?? 0;
  if ((fields.dimensions ?? length) !== length) {
    throw unsupported('dimensions', `vectors of ${model} have ${length} values and cannot be shortened`);
  }
  const encode = fields.encoding_format === 'base64' ? base64Of : (vector: Float32Array) => [...vector];
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
    model,
    usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
  };
}

function refuseEmpty(input: Prompt, field: string): void {
  if (input.kind === 'text' && input.text === '') throw invalid(field, 'must not be empty');
}

/** Little-endian 32-bit floats. */
function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
