/** What `/v1/responses` answers, for the API's document. The compiler holds each schema to the type that is sent. */
import { z } from 'zod';
import type { ItemPage } from '../openai/responses/input-items.ts';
import type {
  CallItem,
  CallOutputItem,
  EchoedChoice,
  EchoedFormat,
  InputMessageItem,
  MessageItem,
  ReasoningItem,
  ResponseObject,
  ResponseServer,
} from '../openai/responses/shapes.ts';
import { chatLogprob, resumeNewsSchema } from './openai-answers.ts';

const count = z.int().min(0);
const nothing = z.tuple([]);
const status = z.enum(['in_progress', 'completed', 'incomplete']);
const textPart = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: nothing,
  logprobs: z.array(chatLogprob),
});
const thoughtPart = z.object({ type: z.literal('reasoning_text'), text: z.string() });

const message: z.ZodType<MessageItem> = z.object({
  id: z.string(),
  type: z.literal('message'),
  role: z.literal('assistant'),
  status,
  content: z.array(textPart),
});
const reasoning: z.ZodType<ReasoningItem> = z.object({
  id: z.string(),
  type: z.literal('reasoning'),
  status,
  summary: nothing,
  content: z.array(thoughtPart),
});
const call: z.ZodType<CallItem> = z.object({
  id: z.string(),
  type: z.literal('function_call'),
  status,
  call_id: z.string(),
  name: z.string(),
  arguments: z.string(),
});
const output = z.union([message, reasoning, call]);

const completed = z.literal('completed');
const inputMessage: z.ZodType<InputMessageItem> = z.object({
  id: z.string(),
  type: z.literal('message'),
  role: z.enum(['user', 'system']),
  status: completed,
  content: z.array(z.object({ type: z.literal('input_text'), text: z.string() })),
});
const callOutput: z.ZodType<CallOutputItem> = z.object({
  id: z.string(),
  type: z.literal('function_call_output'),
  status: completed,
  call_id: z.string(),
  output: z.string(),
});

export const itemPage: z.ZodType<ItemPage> = z.object({
  object: z.literal('list'),
  data: z.array(z.union([inputMessage, callOutput, output])),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});

const named = z.object({ type: z.literal('function'), name: z.string() });
const choice: z.ZodType<EchoedChoice> = z.union([
  z.enum(['auto', 'none', 'required']),
  named,
  z.object({ type: z.literal('allowed_tools'), mode: z.enum(['auto', 'required']), tools: z.array(named) }),
]);
const object = z.record(z.string(), z.unknown());
const format: z.ZodType<EchoedFormat> = z.union([
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    name: z.string(),
    description: z.exactOptional(z.string()),
    schema: object,
    strict: z.boolean(),
  }),
]);
const tool = named.extend({
  description: z.string().nullable(),
  parameters: object.nullable(),
  strict: z.boolean(),
});
const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullable();
const usage = z.object({
  input_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }),
  output_tokens: count,
  output_tokens_details: z.object({ reasoning_tokens: count }),
  total_tokens: count,
});
const server: z.ZodType<ResponseServer> = z.object({
  node: z.string().nullable(),
  operator: z.string().nullable(),
  tier: z.enum(['own', 'trusted', 'open']),
  numeric_class: z.string().nullable(),
  upstream: z.exactOptional(z.literal(true)),
  price: z.exactOptional(z.object({ prompt_pico: count, answer_pico: count })),
});
const seconds = z.number().min(0);

export const responseObject: z.ZodType<ResponseObject> = z.object({
  id: z.string(),
  object: z.literal('response'),
  created_at: seconds.describe('Seconds since 1970.'),
  completed_at: seconds.nullable(),
  status: z.enum(['in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
  error: z
    .object({
      code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
      message: z.string(),
    })
    .nullable(),
  incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
  model: z.string(),
  output: z.array(output),
  usage: usage.nullable(),
  filon: z.exactOptional(z.object({ served_by: z.array(server) })),
  background: z.boolean(),
  instructions: z.string().nullable(),
  max_output_tokens: count.nullable(),
  metadata: z.record(z.string(), z.string()),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  reasoning: z.object({ effort, summary: z.null() }),
  store: z.boolean(),
  temperature: z.number(),
  text: z.object({ format }),
  tool_choice: choice,
  tools: z.array(tool),
  top_logprobs: count,
  top_p: z.number(),
  truncation: z.literal('disabled'),
});

export const responseDeleted: z.ZodType = z.object({
  id: z.string(),
  object: z.literal('response'),
  deleted: z.literal(true),
});

const sequence_number = count;
const at = { item_id: z.string(), output_index: count, sequence_number };
const inPart = { ...at, content_index: z.literal(0) };
const logprobs = z.array(chatLogprob);
const inResponse = ['created', 'in_progress', 'completed', 'incomplete', 'failed'] as const;
const ofType = (name: string): z.ZodLiteral<string> => z.literal(`response.${name}`);
const text = z.string();

export const responseEvent: z.ZodType = z.union([
  z.object({
    type: z.enum(inResponse.map((name) => `response.${name}`)),
    response: responseObject,
    sequence_number,
  }),
  z.object({
    type: z.enum(['response.output_item.added', 'response.output_item.done']),
    ...{ output_index: count, item: output, sequence_number },
  }),
  z.object({
    type: z.enum(['response.content_part.added', 'response.content_part.done']),
    ...{ ...inPart, part: z.union([textPart, thoughtPart]) },
  }),
  z.object({ type: ofType('output_text.delta'), ...inPart, delta: text, logprobs }),
  z.object({ type: ofType('output_text.done'), ...inPart, text, logprobs }),
  z.object({ type: ofType('reasoning_text.delta'), ...inPart, delta: text }),
  z.object({ type: ofType('reasoning_text.done'), ...inPart, text }),
  z.object({ type: ofType('function_call_arguments.delta'), ...at, delta: text }),
  z.object({ type: ofType('function_call_arguments.done'), ...at, arguments: text }),
  z
    .object({ type: ofType('filon.pause'), sequence_number })
    .describe("Only where `include` has 'response.filon.pause'."),
  z
    .intersection(z.object({ type: ofType('filon.resume'), sequence_number }), resumeNewsSchema)
    .describe('Only where `filon.resumable` was asked for.'),
  z.object({
    type: z.literal('error'),
    ...{ code: text.nullable(), message: text, param: text.nullable(), sequence_number },
  }),
]);
