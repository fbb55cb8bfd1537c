/** The body of `POST /v1/chat/completions` as a schema for the API's document: its checked fields, and what readers read. */
import { z } from 'zod';
import { MESSAGES_MAX, PARTS_MAX } from '../http/limits.ts';
import { calledNamePart, callIdPart, stopsPart } from '../request/body-parts.ts';
import { TOOL_CALLS_MAX } from '../request/called.ts';
import { filonPart } from '../request/filon-field.ts';
import {
  chatChoicePart,
  chatToolsPart,
  effortPart,
  formatPart,
  logitBiasPart,
  parallelPart,
} from './body-parts.ts';
import { chatFields } from './chat-request.ts';

const textPart = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);
const content = z.union([z.string(), z.array(textPart).min(1).max(PARTS_MAX)]);
const name = z.string().nullish();
const calls = z.array(
  z.object({
    id: callIdPart,
    type: z.literal('function').optional(),
    function: z.object({ name: calledNamePart, arguments: z.string() }),
  }),
);

const assistant = z.object({
  role: z.literal('assistant'),
  content,
  name,
  refusal: z.string().nullish(),
  reasoning_content: z.string().nullish().describe('What the model thought. Not of OpenAI.'),
  tool_calls: calls.max(TOOL_CALLS_MAX).nullish(),
});
const silent = assistant.extend({ content: z.null().optional() });

const message = z.union([
  z.object({ role: z.enum(['system', 'developer', 'user']), content, name }),
  assistant,
  silent.extend({ tool_calls: calls.min(1).max(TOOL_CALLS_MAX) }),
  silent.extend({ reasoning_content: z.string().min(1) }),
  silent.extend({ refusal: z.string().min(1) }),
  z.object({ role: z.literal('tool'), content, name, tool_call_id: callIdPart }),
]);

export const chatBody: z.ZodType = z.intersection(
  chatFields,
  z.object({
    messages: z.array(message).min(1).max(MESSAGES_MAX),
    tools: chatToolsPart.optional(),
    tool_choice: chatChoicePart.optional(),
    parallel_tool_calls: parallelPart.optional(),
    response_format: formatPart.optional(),
    reasoning_effort: effortPart.optional(),
    chat_template_kwargs: z
      .looseObject({ enable_thinking: z.boolean().nullish() })
      .nullish()
      .describe('Of other servers; wins over reasoning_effort.'),
    filon: filonPart,
    stop: stopsPart,
    logit_bias: logitBiasPart.optional(),
  }),
);
