/** What Ollama's endpoints answer, for the API's document. The compiler holds schemas to the types that are sent. */
import { z } from 'zod';
import type { OllamaToolCall } from '../ollama/answer.ts';
import type { OllamaVectors } from '../ollama/embed.ts';
import type { ListedModel, RunningModel, ShownModel } from '../ollama/models.ts';
import { chatLogprob } from './openai-answers.ts';

const count = z.int().min(0);
const text = z.string();
const toolCall: z.ZodType<OllamaToolCall> = z.object({
  id: text,
  function: z.object({ index: count, name: text, arguments: z.record(z.string(), z.unknown()) }),
});
const thinking = z.exactOptional(text);

const line = z.object({
  model: text,
  created_at: text,
  logprobs: z.exactOptional(z.array(chatLogprob)),
  done: z.boolean(),
  done_reason: z.exactOptional(z.enum(['stop', 'length', 'load'])),
  total_duration: z.exactOptional(count.describe('This and the others: nanoseconds.')),
  load_duration: z.exactOptional(count),
  prompt_eval_count: z.exactOptional(count),
  prompt_eval_duration: z.exactOptional(count),
  eval_count: z.exactOptional(count),
  eval_duration: z.exactOptional(count),
});
const message = z.object({
  role: z.literal('assistant'),
  content: text,
  thinking,
  tool_calls: z.exactOptional(z.array(toolCall)),
});
/** One line of an answer, and all of it where it is not streamed. */
export const chatLine: z.ZodType = line.extend({ message });
export const generateLine: z.ZodType = line.extend({ response: text, thinking });

const details = z.object({
  parent_model: text,
  format: z.literal('gguf'),
  family: text,
  families: z.array(text),
  parameter_size: text,
  quantization_level: text,
});
const listed = { name: text, model: text, modified_at: text, size: count, digest: text, details };
const listedModel: z.ZodType<ListedModel> = z.object(listed);
const runningModel: z.ZodType<RunningModel> = z.object({ ...listed, expires_at: text, size_vram: count });

export const listedModels: z.ZodType = z.object({ models: z.array(listedModel) });
export const runningModels: z.ZodType = z.object({ models: z.array(runningModel) });
export const shownModelSchema: z.ZodType<ShownModel> = z.object({
  license: text,
  modelfile: text,
  parameters: text,
  template: text,
  details,
  model_info: z.record(z.string(), z.union([text, z.number()])),
  capabilities: z.array(text),
  modified_at: text,
});

const vector = z.array(z.number());
export const ollamaVectors: z.ZodType<OllamaVectors> = z.object({
  model: text,
  embeddings: z.array(vector),
  total_duration: count,
  load_duration: count,
  prompt_eval_count: count,
});
export const ollamaVector: z.ZodType<{ embedding: number[] }> = z.object({ embedding: vector });
export const ollamaVersion: z.ZodType<{ version: string }> = z.object({ version: text });
export const ollamaErrorSchema: z.ZodType<{ error: string }> = z.object({ error: text });
