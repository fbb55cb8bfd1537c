/** The body of `POST /v1/responses` as a schema for the API's document: its checked fields, and what readers read. */
import { z } from 'zod';
import { MESSAGES_MAX, PARTS_MAX } from '../../http/limits.ts';
import { calledNamePart, callIdPart, stopsPart } from '../../request/body-parts.ts';
import { filonPart } from '../../request/filon-field.ts';
import {
  effortPart,
  logitBiasPart,
  parallelPart,
  responseChoicePart,
  responseToolsPart,
  textFormatPart,
} from '../body-parts.ts';
import {
  INCLUDES_MAX,
  METADATA_KEY_CHARACTERS_MAX,
  METADATA_MAX,
  METADATA_VALUE_CHARACTERS_MAX,
} from './limits.ts';
import { responseFields } from './request.ts';

const part = z.union([
  z.object({ type: z.enum(['input_text', 'output_text', 'text']), text: z.string() }),
  z.object({ type: z.literal('refusal'), refusal: z.string() }),
]);
const content = z.union([z.string(), z.array(part).max(PARTS_MAX)]);
const thought = z.object({ type: z.literal('reasoning_text'), text: z.string() });

const item = z.union([
  z.object({
    type: z.literal('message').nullish(),
    role: z.enum(['system', 'developer', 'user', 'assistant']),
    content,
  }),
  z.object({
    type: z.literal('function_call'),
    call_id: callIdPart,
    name: calledNamePart,
    arguments: z.string(),
  }),
  z.object({ type: z.literal('function_call_output'), call_id: callIdPart, output: content }),
  z.object({ type: z.literal('reasoning'), content: z.array(thought).max(PARTS_MAX).nullish() }),
]);

export const responseBody: z.ZodType = z.intersection(
  responseFields,
  z.object({
    input: z.union([z.string(), z.array(item).min(1).max(MESSAGES_MAX)]),
    instructions: z.string().nullish(),
    tools: responseToolsPart.optional(),
    tool_choice: responseChoicePart.optional(),
    parallel_tool_calls: parallelPart.optional(),
    text: z.object({ format: textFormatPart.optional() }).nullish(),
    reasoning: z.object({ effort: effortPart.optional() }).nullish(),
    include: z.array(z.string()).max(INCLUDES_MAX).nullish(),
    metadata: z
      .record(z.string().max(METADATA_KEY_CHARACTERS_MAX), z.string().max(METADATA_VALUE_CHARACTERS_MAX))
      .nullish()
      .meta({ maxProperties: METADATA_MAX }),
    filon: filonPart,
    stop: stopsPart,
    logit_bias: logitBiasPart.optional(),
    n: z.literal(1).nullish(),
    max_tokens: z.null().optional().describe('Is max_output_tokens here.'),
  }),
);
