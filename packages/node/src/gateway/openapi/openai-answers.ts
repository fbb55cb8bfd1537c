/** What OpenAI's endpoints answer, for the API's document. The compiler holds each schema to the type that is sent. */
import { TIERS } from '@filon/core/serving/tier';
import { z } from 'zod';
import type { ChatCompletion } from '../openai/chat-answer.ts';
import type { EmbeddingList } from '../openai/embeddings.ts';
import type { OpenAiError } from '../openai/error-shape.ts';
import type { ChatLogprob, TextLogprobs } from '../openai/logprobs.ts';
import type { OpenAiModel } from '../openai/model-list.ts';
import type { TextCompletion } from '../openai/text-answer.ts';
import type { OpenAiUsage } from '../openai/usage.ts';

import { drawnSchema, resumeStartSchema } from '../request/filon-field.ts';

const count = z.int().min(0);
const piece = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(count) });
export const chatLogprob: z.ZodType<ChatLogprob> = piece.extend({ top_logprobs: z.array(piece) });
const chatLogprobs = z.object({ content: z.array(chatLogprob), refusal: z.null() }).nullable();

const usage: z.ZodType<OpenAiUsage> = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.object({ cached_tokens: count }),
  completion_tokens_details: z.object({ reasoning_tokens: count }),
});
const created = count.describe('Seconds since 1970.');
const reason = z.enum(['stop', 'length', 'tool_calls']);

const called = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string() }),
});
const message = z.object({
  role: z.literal('assistant'),
  content: z.string().nullable(),
  refusal: z.null(),
  reasoning_content: z.exactOptional(z.string()),
  tool_calls: z.exactOptional(z.array(called)),
});

export const chatCompletion: z.ZodType<ChatCompletion> = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created,
  model: z.string(),
  choices: z.array(z.object({ index: count, message, logprobs: chatLogprobs, finish_reason: reason })),
  usage,
});

const calledDelta = z.object({
  index: count,
  id: z.exactOptional(z.string()),
  type: z.exactOptional(z.literal('function')),
  function: z.object({ name: z.exactOptional(z.string()), arguments: z.string() }),
});
const delta = z.object({
  role: z.exactOptional(z.literal('assistant')),
  content: z.exactOptional(z.string()),
  reasoning_content: z.exactOptional(z.string()),
  tool_calls: z.exactOptional(z.array(calledDelta)),
});

/** What a client needs to go on elsewhere. */
export const resumeNewsSchema: z.ZodType = z.union([
  z.object({ start: resumeStartSchema }),
  z.object({ from: count, drawn: drawnSchema }),
]);

/** Put together from text, so no type says it. */
export const chatChunk: z.ZodType = z.object({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created,
  model: z.string(),
  choices: z.array(
    z.object({ index: count, delta, logprobs: chatLogprobs, finish_reason: reason.nullable() }),
  ),
  usage: usage.nullish(),
  filon: resumeNewsSchema.optional().describe('Only where `filon.resumable` was asked for.'),
});

const textLogprobs: z.ZodType<TextLogprobs> = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.number()),
  top_logprobs: z.array(z.record(z.string(), z.number())),
  text_offset: z.array(count),
});
const textReason = z.enum(['stop', 'length', 'tool-calls']);
const textChoice = { index: count, text: z.string(), logprobs: textLogprobs.nullable() };
const textHead = { id: z.string(), object: z.literal('text_completion'), created, model: z.string() };

export const textCompletion: z.ZodType<TextCompletion> = z.object({
  ...textHead,
  choices: z.array(z.object({ ...textChoice, finish_reason: textReason })),
  usage,
});
export const textChunk: z.ZodType = z.object({
  ...textHead,
  choices: z.array(z.object({ ...textChoice, finish_reason: textReason.nullable() })),
  usage: usage.nullish(),
});

const vector = z.union([z.array(z.number()), z.string().describe('base64 of little-endian 32-bit floats.')]);
export const embeddingList: z.ZodType<EmbeddingList> = z.object({
  object: z.literal('list'),
  data: z.array(z.object({ object: z.literal('embedding'), index: count, embedding: vector })),
  model: z.string(),
  usage: z.object({ prompt_tokens: count, total_tokens: count }),
});

export const openAiModelSchema: z.ZodType<OpenAiModel> = z.object({
  id: z.string(),
  object: z.literal('model'),
  created,
  owned_by: z.string(),
  context_length: count,
  architecture: z.string(),
  quantization: z.string(),
  license: z.string().nullable(),
  parent: z.string().optional().describe('Of a LoRA: the model that it is on.'),
  filon: z.object({
    ...{ bytes: count, parameters: count, loaded: z.boolean() },
    upstream: z.literal(true).optional().describe('It is passed on to an endpoint that is no node.'),
    elsewhere: z
      .enum(TIERS)
      .optional()
      .describe('Only other nodes have it ready, on machines of this tier at the narrowest.'),
  }),
});
export const openAiModelList: z.ZodType = z.object({
  object: z.literal('list'),
  data: z.array(openAiModelSchema),
});

export const openAiErrorSchema: z.ZodType<OpenAiError> = z.object({
  error: z.looseObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
});
