/** The body of `POST /v1/responses` as a request of ours. docs/protocol/openai.md lists every field. */
import type { ChatMessage, CompletionRequest } from '@filon/core/serving/completion';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { MESSAGES_MAX } from '../../http/limits.ts';
import { invalid, objectOf, parseFields, stringOf } from '../../http/validate.ts';
import { filonField } from '../../request/filon-field.ts';
import {
  type CommonFields,
  commonRequest,
  commonShape,
  countUnknown,
  HARMLESS,
  type RefusedField,
  refuseFields,
  tokensField,
} from '../common-fields.ts';
import { textFormatOf } from '../response-format.ts';
import { type Effort, effortOf, thinkingOf } from '../thinking.ts';
import { type ToolFields, toolFields } from '../tools.ts';
import { echoedChoice, echoedFormat, echoedTools } from './echo.ts';
import { inputMessages } from './input.ts';
import {
  INCLUDES_MAX,
  METADATA_KEY_CHARACTERS_MAX,
  METADATA_MAX,
  METADATA_VALUE_CHARACTERS_MAX,
  RESPONSE_ID_CHARACTERS_MAX,
} from './limits.ts';
import type { ResponseEcho } from './shapes.ts';

interface Fields extends CommonFields {
  max_output_tokens?: number | null | undefined;
  top_logprobs?: number | null | undefined;
  store?: boolean | null | undefined;
  background?: boolean | null | undefined;
  truncation?: 'auto' | 'disabled' | null | undefined;
  previous_response_id?: string | null | undefined;
}

const shape = {
  ...commonShape,
  max_output_tokens: tokensField,
  top_logprobs: z.int().min(0).max(TOP_LOGPROBS_MAX).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  truncation: z.enum(['auto', 'disabled']).nullish(),
  previous_response_id: z.string().min(1).max(RESPONSE_ID_CHARACTERS_MAX).nullish(),
};
export const responseFields: z.ZodType<Fields> = z.object(shape);

const REFUSED: readonly RefusedField[] = [
  { name: 'n', unless: (value) => value === 1, why: 'a response is one answer' },
  { name: 'max_tokens', why: 'is max_output_tokens here' },
  { name: 'messages', why: 'is input here' },
  { name: 'response_format', why: 'is text.format here' },
  { name: 'reasoning_effort', why: 'is reasoning.effort here' },
  { name: 'conversation', why: 'this node keeps no conversations; send previous_response_id or the items' },
  { name: 'prompt', why: 'this node keeps no prompt templates; send instructions and input' },
];
const KNOWN = new Set([
  ...Object.keys(shape),
  ...HARMLESS,
  ...REFUSED.map(({ name }) => name),
  ...['input', 'instructions', 'tools', 'tool_choice', 'text', 'reasoning', 'include', 'filon'],
  ...['max_tool_calls', 'moderation', 'context_management', 'prompt_cache_options', 'image'],
]);

/** What somebody asks for with it to hear of pauses as events; official clients stumble over events they do not know. */
export const INCLUDE_PAUSES = 'response.filon.pause';
const INCLUDE_LOGPROBS = 'message.output_text.logprobs';

export interface ResponseCall {
  /** Its prompt is the whole conversation. */
  request: CompletionRequest;
  /** The conversation without the instructions, which do not carry over to the next response. */
  messages: ChatMessage[];
  echo: ResponseEcho;
  stream: boolean;
  pauses: boolean;
}

/** A body that is well formed; what came before it may still be to be found. */
export interface ResponseDraft {
  previousId: string | null;
  background: boolean;
  /** null: as the node likes. */
  store: boolean | null;
  unknownFields: number;
  /** `earlier`: the messages of the response before, and its answer. */
  finish(earlier: readonly ChatMessage[], store: boolean): ResponseCall;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function responseDraft(body: Record<string, unknown>): ResponseDraft {
  const fields = parseFields(responseFields, body);
  refuseFields(body, REFUSED);
  const includes = includesOf(body['include'], 'include');
  const text = optionalObject(body['text'], 'text');
  const reasoning = optionalObject(body['reasoning'], 'reasoning');
  const effort = effortOf(reasoning['effort'], 'reasoning.effort');
  const instructions = textOrNull(body['instructions'], 'instructions');
  const own = inputMessages(body['input']);
  const tools = toolFields(body, 'response');
  const stream = fields.stream ?? false;
  const top = topLogprobs(fields, includes);
  const base = {
    ...filonField(body['filon'], { stream, choices: 1, topLogprobs: top }),
    ...commonRequest({ ...fields, n: 1, max_tokens: fields.max_output_tokens ?? null }),
    format: textFormatOf(text['format'], 'text.format'),
    topLogprobs: top,
  };
  const echo = echoOf(body, fields, { base, tools, effort, instructions, format: text['format'] });
  const system: ChatMessage[] = instructions === null ? [] : [{ role: 'system', content: instructions }];
  return {
    previousId: echo.previous_response_id,
    background: echo.background,
    store: fields.store ?? null,
    unknownFields: countUnknown(body, KNOWN),
    finish: (earlier, store) => {
      const messages = [...earlier, ...own];
      checkLength(messages.length);
      const all = [...system, ...messages];
      return {
        request: { ...base, prompt: { kind: 'chat', messages: all, ...tools, ...thinkingOf(effort) } },
        messages,
        echo: { ...echo, store },
        stream,
        pauses: includes.has(INCLUDE_PAUSES),
      };
    },
  };
}

interface Understood {
  base: Omit<CompletionRequest, 'prompt'>;
  tools: ToolFields;
  effort: Effort | null;
  instructions: string | null;
  format: unknown;
}

function echoOf(
  body: Record<string, unknown>,
  fields: Fields,
  { base, tools, effort, instructions, format }: Understood,
): Omit<ResponseEcho, 'store'> {
  const { sampling, maxTokens, topLogprobs: top } = base;
  return {
    background: fields.background ?? false,
    instructions,
    max_output_tokens: maxTokens,
    metadata: metadataOf(body['metadata']),
    parallel_tool_calls: tools.parallelToolCalls ?? true,
    previous_response_id: fields.previous_response_id ?? null,
    reasoning: { effort, summary: null },
    temperature: sampling.temperature,
    text: { format: echoedFormat(format) },
    tool_choice: echoedChoice(body['tool_choice'], tools.tools ?? []),
    tools: echoedTools(body['tools']),
    top_logprobs: top ?? 0,
    top_p: fields.top_p ?? sampling.topP,
    truncation: 'disabled',
  };
}

/** `include` of a body or of a query. What this node cannot include is not missed by those who ask for it. */
export function includesOf(value: unknown, field: string): ReadonlySet<string> {
  if (value === undefined || value === null) return new Set();
  if (!Array.isArray(value)) throw invalid(field, 'must be an array of strings');
  if (value.length > INCLUDES_MAX) {
    throw invalid(field, `has ${value.length} entries; at most ${INCLUDES_MAX} are allowed`);
  }
  return new Set(value.map((entry, index) => stringOf(entry, `${field}[${index}]`)));
}

function topLogprobs({ top_logprobs: top }: Fields, includes: ReadonlySet<string>): number | null {
  if (includes.has(INCLUDE_LOGPROBS)) return top ?? 0;
  return top === undefined || top === 0 ? null : top;
}

function checkLength(count: number): void {
  if (count <= MESSAGES_MAX) return;
  throw invalid('previous_response_id', `makes ${count} messages; at most ${MESSAGES_MAX} are allowed`);
}

function optionalObject(value: unknown, field: string): Record<string, unknown> {
  return value === undefined || value === null ? {} : objectOf(value, field);
}

function textOrNull(value: unknown, field: string): string | null {
  return value === undefined || value === null ? null : stringOf(value, field);
}

function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  const entries = Object.entries(objectOf(value, 'metadata'));
  if (entries.length > METADATA_MAX) {
    throw invalid('metadata', `has ${entries.length} entries; at most ${METADATA_MAX} are allowed`);
  }
  return Object.fromEntries(
    entries.map(([key, given]) => {
      if (key.length > METADATA_KEY_CHARACTERS_MAX || !key.isWellFormed()) {
        throw invalid('metadata', `keys have at most ${METADATA_KEY_CHARACTERS_MAX} characters`);
      }
      const text = stringOf(given, `metadata.${key}`);
      if (text.length <= METADATA_VALUE_CHARACTERS_MAX) return [key, text];
      throw invalid(`metadata.${key}`, `has more than ${METADATA_VALUE_CHARACTERS_MAX} characters`);
    }),
  );
}
