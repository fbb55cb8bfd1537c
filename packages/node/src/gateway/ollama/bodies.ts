/** The bodies of Ollama's endpoints as schemas for the API's document: their checked fields, and what readers read. */
import { z } from 'zod';
import { INPUTS_MAX, MESSAGES_MAX } from '../http/limits.ts';
import { chatToolsPart } from '../openai/body-parts.ts';
import { calledNamePart, callIdPart, objectPart, stopsPart } from '../request/body-parts.ts';
import { TOOL_CALLS_MAX } from '../request/called.ts';
import { embedFields } from './embed.ts';
import { optionFields } from './options.ts';
import { converseFields, modelField } from './request.ts';

const text = z.string().nullish();
const call = z.object({
  id: z.union([callIdPart, z.literal('')]).nullish(),
  function: z.object({ name: calledNamePart, arguments: objectPart.nullish() }),
});
const message = z.union([
  z.object({ role: z.enum(['system', 'user']), content: text }),
  z.object({
    role: z.literal('assistant'),
    content: text,
    thinking: text,
    tool_calls: z.array(call).max(TOOL_CALLS_MAX).nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    content: text,
    tool_name: calledNamePart.nullish(),
    tool_call_id: callIdPart.nullish(),
  }),
]);

const common = z.object({
  format: z
    .union([z.enum(['json', '']), objectPart])
    .nullish()
    .describe("'json', or a JSON Schema."),
  options: z.intersection(optionFields, z.object({ stop: stopsPart })).nullish(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high'])]).nullish(),
  keep_alive: z
    .union([z.string(), z.number()])
    .nullish()
    .describe('Models stay in memory until another one needs the room.'),
});

export const chatBody: z.ZodType = z.intersection(
  converseFields,
  common.extend({ messages: z.array(message).max(MESSAGES_MAX).nullish(), tools: chatToolsPart.optional() }),
);
export const generateBody: z.ZodType = z.intersection(
  converseFields,
  common.extend({ prompt: text, system: text }),
);

const input = z.string().min(1);
const inputs = z.union([input, z.array(input).max(INPUTS_MAX)]);
export const embedBody: z.ZodType = z.intersection(embedFields, z.object({ input: inputs }));
export const embedOneBody: z.ZodType = z.intersection(
  embedFields,
  z.object({ prompt: z.string().nullish() }),
);

export const showBody: z.ZodType = z.union([
  z.object({ model: modelField }),
  z.object({ name: modelField, model: z.null().optional() }).describe('As older clients say it.'),
]);
