/**
 * Prompts as JSON text: tools carry JSON Schemas, which nest deeper than messages may. The node that reads one is not the
 * one that checked the request, so it is checked again.
 */
import { z } from 'zod';
import { checkTools } from '../dialect/check-tools.ts';
import { TOOLS_MAX } from '../dialect/limits.ts';
import { messageOf } from '../errors.ts';
import type { ChatMessage, ChatPrompt, Tool, ToolChoice } from '../serving/completion.ts';
import { malformed } from '../wire/errors.ts';
import { faultOf } from '../wire/messages.ts';
import {
  CALLS_MAX,
  ID_CHARS_MAX,
  NAME_CHARS_MAX,
  PROMPT_BYTES_MAX,
  PROMPT_DEPTH_MAX,
  PROMPT_MESSAGES_MAX,
} from './limits.ts';

/** What a seat tokenizes. */
export type TextPrompt = ChatPrompt | { kind: 'text'; text: string };

const WHAT = 'prompt';

const text = z.string().max(PROMPT_BYTES_MAX);
const shortName = z.string().max(ID_CHARS_MAX);

const message: z.ZodType<ChatMessage, unknown> = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: text,
  name: shortName.exactOptional(),
  reasoning: text.exactOptional(),
  toolCalls: z
    .array(z.object({ id: shortName, name: shortName, arguments: text }))
    .max(CALLS_MAX)
    .exactOptional(),
  toolCallId: shortName.exactOptional(),
});

const tool: z.ZodType<Tool, unknown> = z.object({
  name: shortName,
  description: text,
  parameters: z.record(z.string(), z.unknown()),
});

const toolChoice: z.ZodType<ToolChoice, unknown> = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['auto', 'none', 'required']) }),
  z.object({ kind: z.literal('named'), name: shortName }),
]);

const prompt: z.ZodType<TextPrompt, unknown> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text }),
  z.object({
    kind: z.literal('chat'),
    messages: z.array(message).max(PROMPT_MESSAGES_MAX),
    tools: z.array(tool).max(TOOLS_MAX).exactOptional(),
    toolChoice: toolChoice.exactOptional(),
    parallelToolCalls: z.boolean().exactOptional(),
    thinking: z.boolean().exactOptional(),
  }),
]);

export function encodePrompt(asked: TextPrompt): string {
  return JSON.stringify(asked);
}

/** Codes: WIRE_MALFORMED, DIALECT_TOOLS_INVALID. */
export function decodePrompt(json: string): TextPrompt {
  if (depthOf(json) > PROMPT_DEPTH_MAX) throw malformed(WHAT, `they nest deeper than ${PROMPT_DEPTH_MAX}`);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw malformed(WHAT, messageOf(error).slice(0, NAME_CHARS_MAX));
  }
  const parsed = prompt.safeParse(value);
  if (!parsed.success) throw malformed(WHAT, faultOf(parsed.error));
  if (parsed.data.kind === 'chat') checkTools(parsed.data);
  return parsed.data;
}

/** Brackets within one another, strings aside: told before anything goes into itself to read them. */
export function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const char = json[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
}
