/** The bodies of `POST /v1/messages` and `/v1/messages/count_tokens` as schemas for the API's document. */
import { z } from 'zod';
import { MESSAGES_MAX, PARTS_MAX, STOP_CHARACTERS_MAX, STOPS_MAX } from '../http/limits.ts';
import {
  argumentsPart,
  calledNamePart,
  callIdPart,
  objectPart,
  toolNamePart,
  toolsPart,
} from '../request/body-parts.ts';
import { countFields, messageFields } from './request.ts';
import { TOOL_NAME_CHARACTERS_MAX } from './tools.ts';

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
const thoughtBlock = z.object({ type: z.literal('thinking'), thinking: z.string() });
const hiddenBlock = z.object({ type: z.literal('redacted_thinking') });
const callBlock = z.object({
  type: z.literal('tool_use'),
  id: callIdPart,
  name: calledNamePart,
  input: z.union([objectPart, z.string()]),
});

function textOr(...blocks: [z.ZodType, ...z.ZodType[]]): z.ZodType<unknown> {
  return z.union([z.string(), z.array(z.union(blocks)).max(PARTS_MAX)]);
}

const resultBlock = z.object({
  type: z.literal('tool_result'),
  tool_use_id: callIdPart,
  content: textOr(textBlock).nullish(),
  is_error: z.boolean().nullish(),
});
const turn = z.union([
  z.object({ role: z.literal('user'), content: textOr(textBlock, resultBlock) }),
  z.object({
    role: z.literal('assistant'),
    content: textOr(textBlock, thoughtBlock, hiddenBlock, callBlock),
  }),
  z.object({ role: z.literal('system'), content: textOr(textBlock) }),
]);
const tool = z.object({
  type: z.literal('custom').nullish(),
  name: toolNamePart(TOOL_NAME_CHARACTERS_MAX),
  description: z.string().nullish(),
  input_schema: argumentsPart,
});
const single = { disable_parallel_tool_use: z.boolean().nullish() };
const choice = z.union([
  z.object({ type: z.enum(['auto', 'any', 'none']), ...single }),
  z.object({ type: z.literal('tool'), name: z.string(), ...single }),
]);
const thinking = z.object({
  type: z.enum(['enabled', 'disabled', 'adaptive', 'between_tools']),
  display: z.string().nullish(),
});
const format = z.object({ type: z.literal('json_schema'), schema: objectPart }).nullish();

const prompt = z.object({
  messages: z
    .array(turn)
    .min(1)
    .max(MESSAGES_MAX)
    .describe('The last one is not of the assistant: answers begin afresh here.'),
  system: textOr(textBlock).nullish(),
  tools: toolsPart(tool),
  tool_choice: choice.nullish(),
  thinking: thinking.nullish(),
});

export const messageBody: z.ZodType = z.intersection(
  messageFields,
  prompt.extend({
    stop_sequences: z.array(z.string().min(1).max(STOP_CHARACTERS_MAX)).max(STOPS_MAX).nullish(),
    output_config: z.object({ format }).nullish(),
    output_format: format.describe('The older name of output_config.format.'),
  }),
);
export const countBody: z.ZodType = z.intersection(countFields, prompt);
