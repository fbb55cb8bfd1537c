/** The body of `POST /v1/messages` as a request of ours. docs/protocol/anthropic.md lists every field. */
import type { AnswerFormat, ChatPrompt, CompletionRequest } from '@filon/core/serving/completion';
import { z } from 'zod';
import { MAX_TOKENS_MAX, MODEL_CHARACTERS_MAX } from '../http/limits.ts';
import { invalid, objectOf, parseFields, unsupported } from '../http/validate.ts';
import { checkSchemaDepth } from '../request/json-schema.ts';
import { samplingOf } from '../request/sampling.ts';
import { stopsOf } from '../request/stops.ts';
import { messagesOf } from './messages.ts';
import { thinkingOf, toolFields } from './tools.ts';

interface Fields {
  model: string;
  max_tokens: number;
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  stream?: boolean | null | undefined;
}

const shape = {
  model: z.string().min(1).max(MODEL_CHARACTERS_MAX),
  max_tokens: z.int().min(1).max(MAX_TOKENS_MAX),
  temperature: z.number().min(0).max(5).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).max(1_000_000).nullish(),
  stream: z.boolean().nullish(),
};
export const messageFields: z.ZodType<Fields> = z.object(shape);
export const countFields: z.ZodType<Pick<Fields, 'model'>> = z.object({ model: shape.model });

const PROMPT_FIELDS = ['model', 'system', 'messages', 'tools', 'tool_choice', 'thinking'];
const REFUSED: Readonly<Record<string, string>> = {
  container: 'this node runs no code for a model',
  mcp_servers: 'this node calls no servers for a model',
};
/** Fields of Anthropic's that change nothing here. */
const HARMLESS = [
  'metadata',
  'service_tier',
  'cache_control',
  'context_management',
  'diagnostics',
  'inference_geo',
  'speed',
];
const KNOWN = new Set([
  ...Object.keys(shape),
  ...PROMPT_FIELDS,
  ...Object.keys(REFUSED),
  ...HARMLESS,
  'stop_sequences',
  'output_config',
  'output_format',
]);

export interface MessagesCall {
  request: CompletionRequest;
  stream: boolean;
  /** Whether thoughts are sent, or only that there were some. */
  showThinking: boolean;
  unknownFields: number;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function messagesCall(body: Record<string, unknown>): MessagesCall {
  const fields = parseFields(messageFields, body);
  refuse(body);
  return {
    request: {
      model: fields.model,
      prompt: promptOf(body),
      choices: 1,
      maxTokens: fields.max_tokens,
      sampling: samplingOf({
        temperature: fields.temperature ?? undefined,
        topP: fields.top_p ?? undefined,
        topK: fields.top_k ?? undefined,
      }),
      stop: stopsOf(body['stop_sequences'], 'stop_sequences'),
      format: formatOf(body),
      topLogprobs: null,
      ignoreEos: false,
    },
    stream: fields.stream ?? false,
    showThinking: thinkingOf(body['thinking']).show,
    unknownFields: Object.keys(body).filter((name) => !KNOWN.has(name)).length,
  };
}

/** The body of `POST /v1/messages/count_tokens`. Codes: as {@link messagesCall}. */
export function countCall(body: Record<string, unknown>): { model: string; prompt: ChatPrompt } {
  const { model } = parseFields(countFields, body);
  refuse(body);
  return { model, prompt: promptOf(body) };
}

function promptOf(body: Record<string, unknown>): ChatPrompt {
  const { thinking } = thinkingOf(body['thinking']);
  return {
    kind: 'chat',
    messages: messagesOf(body),
    ...toolFields(body),
    ...(thinking === undefined ? {} : { thinking }),
  };
}

function refuse(body: Record<string, unknown>): void {
  for (const [name, why] of Object.entries(REFUSED)) {
    const value = body[name];
    const isNothing = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isNothing) throw unsupported(name, why);
  }
}

/** `output_format` is the older name of `output_config.format`. */
function formatOf(body: Record<string, unknown>): AnswerFormat {
  const { output_config: config, output_format: older } = body;
  const newer = config === undefined || config === null ? null : objectOf(config, 'output_config')['format'];
  const [value, field] =
    newer === undefined || newer === null ? [older, 'output_format'] : [newer, 'output_config.format'];
  if (value === undefined || value === null) return { kind: 'text' };
  const format = objectOf(value, field);
  if (format['type'] !== 'json_schema') throw invalid(`${field}.type`, "must be 'json_schema'");
  const answer = objectOf(format['schema'], `${field}.schema`);
  checkSchemaDepth(answer, `${field}.schema`);
  return { kind: 'schema', schema: answer };
}
