/** The body of `POST /v1/chat/completions` as a request of ours. docs/protocol/openai.md lists every field. */
import type { CompletionRequest } from '@filon/core/serving/completion';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { invalid, parseFields } from '../http/validate.ts';
import { filonField } from '../request/filon-field.ts';
import {
  type CommonFields,
  commonRequest,
  commonShape,
  countUnknown,
  HARMLESS,
  type RefusedField,
  refuseFields,
  tokensField,
} from './common-fields.ts';
import { messagesOf } from './messages.ts';
import { formatOf } from './response-format.ts';
import { chatThinking } from './thinking.ts';
import { toolFields } from './tools.ts';

interface ChatFields extends CommonFields {
  max_completion_tokens?: number | null | undefined;
  logprobs?: boolean | null | undefined;
  top_logprobs?: number | null | undefined;
}

const shape = {
  ...commonShape,
  max_completion_tokens: tokensField,
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(TOP_LOGPROBS_MAX).nullish(),
};
export const chatFields: z.ZodType<ChatFields> = z.object(shape);

const isNone = (value: unknown): boolean => value === 'none';
const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
const TOOLS_BY_NOW = 'functions are tools by now; send tools and tool_choice';
const REFUSED: readonly RefusedField[] = [
  { name: 'function_call', unless: isNone, why: TOOLS_BY_NOW },
  { name: 'functions', unless: isEmpty, why: TOOLS_BY_NOW },
  { name: 'web_search_options', why: 'this node does not search the web' },
  { name: 'audio', why: 'this node makes no sound' },
  {
    name: 'modalities',
    unless: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
    why: "only ['text'] is possible",
  },
];
const KNOWN = new Set([
  ...Object.keys(shape),
  ...HARMLESS,
  ...REFUSED.map(({ name }) => name),
  'messages',
  'response_format',
  'tools',
  'tool_choice',
  'chat_template_kwargs',
  'filon',
]);

export interface ChatCall {
  request: CompletionRequest;
  stream: boolean;
  includeUsage: boolean;
  unknownFields: number;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function chatCall(body: Record<string, unknown>): ChatCall {
  const fields = parseFields(chatFields, body);
  refuseFields(body, REFUSED);
  const max_tokens = fields.max_completion_tokens ?? fields.max_tokens;
  const common = commonRequest({ ...fields, max_tokens });
  const stream = fields.stream ?? false;
  const asked = { choices: common.choices, topLogprobs: topLogprobs(fields) };
  return {
    request: {
      ...common,
      ...filonField(body['filon'], { ...asked, stream }),
      prompt: {
        kind: 'chat',
        messages: messagesOf(body['messages']),
        ...toolFields(body, 'chat'),
        ...chatThinking(body),
      },
      format: formatOf(body['response_format']),
      topLogprobs: asked.topLogprobs,
    },
    stream,
    includeUsage: fields.stream_options?.include_usage ?? false,
    unknownFields: countUnknown(body, KNOWN),
  };
}

function topLogprobs({ logprobs, top_logprobs: top }: ChatFields): number | null {
  if (logprobs === true) return top ?? 0;
  if (top === null || top === undefined || top === 0) return null;
  throw invalid('top_logprobs', 'needs logprobs to be true');
}
