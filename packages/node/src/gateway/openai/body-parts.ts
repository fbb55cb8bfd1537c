/** What `tools.ts`, `response-format.ts`, `thinking.ts` and `common-fields.ts` read by hand, as schemas for the API's document. */
import { TOOL_NAME_CHARS_MAX, TOOLS_MAX } from '@filon/core/dialect/limits';
import { LOGIT_BIAS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { argumentsPart, objectPart, toolNamePart, toolsPart } from '../request/body-parts.ts';

const toolName = toolNamePart(TOOL_NAME_CHARS_MAX);
const plainFunction = z.object({
  name: toolName,
  description: z.string().nullish(),
  parameters: argumentsPart,
});
const functionType = z.literal('function');
const named = z.object({ name: toolName });
const mode = z.enum(['auto', 'required']);

/** Chats write a function one level below its type. */
export const chatToolsPart: z.ZodType = toolsPart(z.object({ type: functionType, function: plainFunction }));
/** Responses write it beside. */
export const responseToolsPart: z.ZodType = toolsPart(
  plainFunction.extend({ type: functionType, strict: z.boolean().nullish() }),
);

function choiceAmong(one: z.ZodType, allowed: z.ZodType): z.ZodType {
  return z.union([z.enum(['auto', 'none', 'required']), one, allowed]).nullish();
}

const allowedOf = (tool: z.ZodType): z.ZodRawShape => ({ mode, tools: z.array(tool).min(1).max(TOOLS_MAX) });
const chatNamed = z.object({ type: functionType, function: named });
const responseNamed = named.extend({ type: functionType });
const allowedType = z.literal('allowed_tools');

export const chatChoicePart: z.ZodType = choiceAmong(
  chatNamed,
  z.object({ type: allowedType, allowed_tools: z.object(allowedOf(chatNamed)) }),
);
export const responseChoicePart: z.ZodType = choiceAmong(
  responseNamed,
  z.object({ type: allowedType, ...allowedOf(responseNamed) }),
);
export const parallelPart: z.ZodType = z.boolean().nullish();

const schema = z.union([objectPart, z.boolean()]);
const label = {
  name: z.string().nullish(),
  description: z.string().nullish(),
  strict: z.boolean().nullish(),
};
const textType = z.object({ type: z.literal('text') });
const jsonType = z.object({ type: z.literal('json_object') });
const schemaType = z.literal('json_schema');

export const formatPart: z.ZodType = z
  .union([textType, jsonType, z.object({ type: schemaType, json_schema: z.object({ ...label, schema }) })])
  .nullish();
export const textFormatPart: z.ZodType = z
  .union([textType, jsonType, z.object({ type: schemaType, ...label, schema })])
  .nullish();

export const effortPart: z.ZodType = z
  .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
  .nullish()
  .describe('Models that think do so or not; how much cannot be asked for.');

export const logitBiasPart: z.ZodType = z
  .record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))
  .nullish()
  .meta({ maxProperties: LOGIT_BIAS_MAX, description: 'By token id.' });
