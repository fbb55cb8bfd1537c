/** `POST /api/embed`, and its older sister `POST /api/embeddings`. */
import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { Serving } from '../../serve/serving.ts';
import type { Caller } from '../http/intake.ts';
import { INPUTS_MAX } from '../http/limits.ts';
import { invalid, listOf, parseFields, stringOf, unsupported } from '../http/validate.ts';
import { nanoseconds } from './answer.ts';
import { ourName } from './model-names.ts';
import { modelField } from './request.ts';
import { Stopwatch } from './stopwatch.ts';

interface Fields {
  model: string;
  dimensions?: number | null | undefined;
}

export const embedFields: z.ZodType<Fields> = z.object({
  model: modelField,
  dimensions: z.int().min(1).nullish(),
});
/** An input that does not fit is refused, whatever `truncate` says: a vector of half a text would pass for one of all. */
const KNOWN = new Set(['model', 'input', 'prompt', 'dimensions', 'truncate', 'options']);

export interface Embedding {
  serving: Serving;
  clock: Clock;
  caller: Caller;
}

export interface OllamaVectors {
  model: string;
  embeddings: number[][];
  total_duration: number;
  load_duration: number;
  prompt_eval_count: number;
}

export async function embed(body: Record<string, unknown>, means: Embedding): Promise<OllamaVectors> {
  const watch = new Stopwatch(means.clock);
  const fields = parseFields(embedFields, body);
  const { vectors, promptTokens } = await vectorsOf(fields, inputsOf(body['input']), means);
  means.caller.onUnknownFields(Object.keys(body).filter((name) => !KNOWN.has(name)).length);
  const { totalMs } = watch.durations();
  return {
    model: fields.model,
    embeddings: vectors,
    total_duration: nanoseconds(totalMs),
    load_duration: 0,
    prompt_eval_count: promptTokens,
  };
}

export async function embedOne(
  body: Record<string, unknown>,
  means: Embedding,
): Promise<{ embedding: number[] }> {
  const { prompt } = body;
  const inputs = prompt === undefined || prompt === null || prompt === '' ? [] : inputsOf(prompt, 'prompt');
  const { vectors } = await vectorsOf(parseFields(embedFields, body), inputs, means);
  return { embedding: vectors[0] ?? [] };
}

function inputsOf(value: unknown, field = 'input'): string[] {
  if (value === undefined || value === null) throw invalid(field, 'is missing');
  if (typeof value === 'string') return [inputOf(value, field)];
  if (!Array.isArray(value)) throw invalid(field, 'must be a string or an array of strings');
  return value.length === 0 ? [] : listOf(value, inputOf, { field, max: INPUTS_MAX });
}

function inputOf(value: unknown, field: string): string {
  const text = stringOf(value, field);
  if (text === '') throw invalid(field, 'must not be empty');
  return text;
}

/** Without inputs the model is loaded, as Ollama does. */
async function vectorsOf(
  fields: Fields,
  inputs: readonly string[],
  { serving, caller }: Embedding,
): Promise<{ vectors: number[][]; promptTokens: number }> {
  const model = ourName(fields.model, await serving.models());
  if (inputs.length === 0) {
    await serving.countTokens({ model, prompt: { kind: 'text', text: ' ' } }, caller);
    return { vectors: [], promptTokens: 0 };
  }
  const prompts = inputs.map((text) => ({ kind: 'text', text }) as const);
  const { vectors, promptTokens } = await serving.embed({ model, inputs: prompts }, caller);
  const length = vectors[0]?.length ?? 0;
  if ((fields.dimensions ?? length) !== length) {
    throw unsupported('dimensions', `vectors of ${model} have ${length} values and cannot be shortened`);
  }
  return { vectors: vectors.map((vector) => [...vector]), promptTokens };
}
