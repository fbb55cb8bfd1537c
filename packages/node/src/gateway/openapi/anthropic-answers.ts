/** What Anthropic's endpoints answer, for the API's document. The compiler holds each schema to the type that is sent. */
import { z } from 'zod';
import type { AnthropicMessage, AnthropicUsage, ContentBlock } from '../anthropic/answer.ts';
import type { AnthropicError } from '../anthropic/error-shape.ts';
import type { MessageEvent } from '../anthropic/events.ts';
import type { AnthropicModel, AnthropicModels } from '../anthropic/model-list.ts';

const count = z.int().min(0);
const text = z.string();

const block: z.ZodType<ContentBlock> = z.union([
  z.object({ type: z.literal('text'), text, citations: z.null() }),
  z.object({ type: z.literal('thinking'), thinking: text, signature: text }),
  z.object({
    type: z.literal('tool_use'),
    id: text,
    name: text,
    input: z.unknown(),
    caller: z.object({ type: z.literal('direct') }),
  }),
]);
const usage: z.ZodType<AnthropicUsage> = z.object({
  input_tokens: count,
  cache_creation_input_tokens: count,
  cache_read_input_tokens: count,
  output_tokens: count,
  output_tokens_details: z.object({ thinking_tokens: count }),
});
const end = {
  container: z.null(),
  stop_details: z.null(),
  stop_reason: z.enum(['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']).nullable(),
  stop_sequence: text.nullable(),
};

export const anthropicMessage: z.ZodType<AnthropicMessage> = z.object({
  id: text,
  type: z.literal('message'),
  role: z.literal('assistant'),
  model: text,
  content: z.array(block),
  ...end,
  usage,
});

const delta = z.union([
  z.object({ type: z.literal('text_delta'), text }),
  z.object({ type: z.literal('thinking_delta'), thinking: text }),
  z.object({ type: z.literal('signature_delta'), signature: text }),
  z.object({ type: z.literal('input_json_delta'), partial_json: text }),
]);

export const anthropicErrorSchema: z.ZodType<AnthropicError> = z.object({
  type: z.literal('error'),
  error: z.object({ type: text, message: text }),
});

export const messageEvent: z.ZodType<MessageEvent | AnthropicError> = z.union([
  z.object({ type: z.literal('message_start'), message: anthropicMessage }),
  z.object({ type: z.literal('content_block_start'), index: count, content_block: block }),
  z.object({ type: z.literal('content_block_delta'), index: count, delta }),
  z.object({ type: z.literal('content_block_stop'), index: count }),
  z.object({ type: z.literal('message_delta'), delta: z.object(end), usage }),
  z.object({ type: z.literal('message_stop') }),
  z.object({ type: z.literal('ping') }),
  anthropicErrorSchema,
]);

export const tokenCount: z.ZodType = z.object({ input_tokens: count });

export const anthropicModelSchema: z.ZodType<AnthropicModel> = z.object({
  type: z.literal('model'),
  id: text,
  display_name: text,
  created_at: text,
  max_input_tokens: count,
  max_tokens: count,
});
export const anthropicModelPage: z.ZodType<AnthropicModels> = z.object({
  data: z.array(anthropicModelSchema),
  has_more: z.literal(false),
  first_id: text.nullable(),
  last_id: text.nullable(),
});
