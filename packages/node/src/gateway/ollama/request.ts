/** The bodies of `POST /api/chat` and `POST /api/generate` as requests of ours. */
import type { AnswerFormat, ChatMessage, CompletionRequest, Prompt } from '@filon/core/serving/completion';
import { TOP_LOGPROBS_MAX } from '@filon/core/serving/sampling';
import { z } from 'zod';
import { MODEL_CHARACTERS_MAX } from '../http/limits.ts';
import { invalid, objectOf, parseFields, unsupported } from '../http/validate.ts';
import { toolFields } from '../openai/tools.ts';
import { checkSchemaDepth } from '../request/json-schema.ts';
import { messagesOf, refuseImages, textOrNone } from './messages.ts';
import { optionsOf } from './options.ts';

interface Fields {
  model: string;
  stream?: boolean | null | undefined;
  raw?: boolean | null | undefined;
  logprobs?: boolean | null | undefined;
  top_logprobs?: number | null | undefined;
}

export const modelField: z.ZodType<string> = z.string().min(1).max(MODEL_CHARACTERS_MAX);
const shape = {
  model: modelField,
  stream: z.boolean().nullish(),
  raw: z.boolean().nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(TOP_LOGPROBS_MAX).nullish(),
};
export const converseFields: z.ZodType<Fields> = z.object(shape);
const KNOWN = new Set([
  ...Object.keys(shape),
  ...['messages', 'tools', 'prompt', 'system', 'suffix', 'template', 'context', 'images'],
  ...['format', 'options', 'think'],
]);

/** `chat` and `generate` differ in where an answer's text is. */
export type OllamaShape = 'chat' | 'generate';

export interface OllamaCall {
  shape: OllamaShape;
  /** null: there is nothing to answer, and the model is only to be loaded or, by Ollama's rules, unloaded. */
  request: CompletionRequest | null;
  /** As the client wrote it: answers repeat it. */
  model: string;
  stream: boolean;
  /** The client wants the model out of memory afterwards. */
  wantsUnload: boolean;
  unknownFields: number;
}

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function chatCall(body: Record<string, unknown>): OllamaCall {
  const { messages } = body;
  const nothing =
    messages === undefined || messages === null || (Array.isArray(messages) && !messages.length);
  const tools = toolFields({ tools: body['tools'] }, 'chat');
  const prompt: Prompt | null = nothing
    ? null
    : { kind: 'chat', messages: messagesOf(messages), ...tools, ...thinkOf(body['think']) };
  return callOf(body, 'chat', prompt);
}

/** Codes: as {@link chatCall}. */
export function generateCall(body: Record<string, unknown>): OllamaCall {
  for (const [name, why] of Object.entries(REFUSED)) {
    const value = body[name];
    const isNothing = value === undefined || value === null || value === '';
    if (!isNothing && !(Array.isArray(value) && value.length === 0)) throw unsupported(name, why);
  }
  refuseImages(body['images'], 'images');
  const text = textOrNone(body['prompt'], 'prompt');
  return callOf(body, 'generate', text === '' ? null : generatePrompt(body, text));
}

const REFUSED: Readonly<Record<string, string>> = {
  suffix: 'filling in between a prompt and a suffix is not possible',
  template: "the model's own template is used; send the prompt as it is with raw",
  context: 'old contexts cannot be gone on with; send the conversation to /api/chat',
};

function generatePrompt(body: Record<string, unknown>, text: string): Prompt {
  if (body['raw'] === true) return { kind: 'text', text };
  const system = textOrNone(body['system'], 'system');
  const first: ChatMessage[] = system === '' ? [] : [{ role: 'system', content: system }];
  const messages: ChatMessage[] = [...first, { role: 'user', content: text }];
  return { kind: 'chat', messages, ...thinkOf(body['think']) };
}

function callOf(body: Record<string, unknown>, shapeOf: OllamaShape, prompt: Prompt | null): OllamaCall {
  const fields = parseFields(converseFields, body);
  const { unknownFields, ...drawn } = optionsOf(body['options']);
  const { model } = fields;
  const format = formatOf(body['format']);
  const topLogprobs = fields.logprobs === true ? (fields.top_logprobs ?? 0) : null;
  const fixed = { choices: 1, ignoreEos: false };
  return {
    shape: shapeOf,
    request: prompt === null ? null : { model, prompt, ...fixed, ...drawn, format, topLogprobs },
    model,
    stream: fields.stream ?? true,
    wantsUnload: isZero(body['keep_alive']),
    unknownFields: unknownFields + Object.keys(body).filter((name) => !KNOWN.has(name)).length,
  };
}

/** A number of seconds, or a string with a unit. */
function isZero(keepAlive: unknown): boolean {
  return keepAlive === 0 || (typeof keepAlive === 'string' && /^0+[a-z]*$/.test(keepAlive));
}

/** How hard to think cannot be asked for. */
function thinkOf(value: unknown): { thinking?: boolean } {
  if (value === undefined || value === null) return {};
  if (typeof value === 'boolean') return { thinking: value };
  if (value === 'low' || value === 'medium' || value === 'high') return { thinking: true };
  throw invalid('think', "must be true, false, 'low', 'medium' or 'high'");
}

function formatOf(value: unknown): AnswerFormat {
  if (value === undefined || value === null || value === '') return { kind: 'text' };
  if (value === 'json') return { kind: 'json' };
  if (typeof value === 'string') throw invalid('format', "must be 'json' or a JSON Schema");
  const answer = objectOf(value, 'format');
  checkSchemaDepth(answer, 'format');
  return { kind: 'schema', schema: answer };
}
