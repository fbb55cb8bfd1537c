/** OpenAI's messages as ours: texts, thoughts, calls of tools and what these gave. */
import type { ChatMessage, ToolCall } from '@filon/core/serving/completion';
import { MESSAGES_MAX, PARTS_MAX } from '../http/limits.ts';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';
import { calledName, callId, TOOL_CALLS_MAX } from '../request/called.ts';

const ROLES: ReadonlyMap<unknown, ChatMessage['role']> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
]);

export function messagesOf(value: unknown): ChatMessage[] {
  if (value === undefined) throw invalid('messages', 'is missing');
  return listOf(value, messageOf, { field: 'messages', max: MESSAGES_MAX });
}

function messageOf(value: unknown, field: string): ChatMessage {
  const message = objectOf(value, field);
  if (message['role'] === 'function') {
    throw unsupported(`${field}.role`, "functions are tools by now; send role 'tool' and tool_call_id");
  }
  const role = ROLES.get(message['role']);
  if (role === undefined) throw invalid(`${field}.role`, `must be one of ${[...ROLES.keys()].join(', ')}`);
  refuseOld(message, field);
  const { name } = message;
  const named = name === undefined || name === null ? {} : { name: stringOf(name, `${field}.name`) };
  if (role === 'assistant') return { role, ...assistantParts(message, field), ...named };
  const content = contentOf(message['content'], `${field}.content`);
  if (role !== 'tool') return { role, content, ...named };
  return { role, content, ...named, toolCallId: callId(message['tool_call_id'], `${field}.tool_call_id`) };
}

function refuseOld(message: Record<string, unknown>, field: string): void {
  const { function_call: call, audio } = message;
  if (call !== undefined && call !== null) {
    throw unsupported(`${field}.function_call`, 'functions are tools by now; send tool_calls');
  }
  if (audio !== undefined && audio !== null) {
    throw unsupported(`${field}.audio`, 'this version knows no sound');
  }
}

/** An assistant that only called tools, only thought or only refused has no content. */
function assistantParts(message: Record<string, unknown>, field: string): Omit<ChatMessage, 'role'> {
  const { content, refusal, reasoning_content: reasoning, tool_calls: calls } = message;
  const toolCalls = toolCallsOf(calls, `${field}.tool_calls`);
  const thought = textOrNone(reasoning, `${field}.reasoning_content`);
  const refused = textOrNone(refusal, `${field}.refusal`);
  const said = toolCalls.length > 0 || thought !== '' || refused !== '';
  const bare = said && (content === undefined || content === null);
  return {
    content: bare ? refused : contentOf(content, `${field}.content`),
    ...(thought === '' ? {} : { reasoning: thought }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

function textOrNone(value: unknown, field: string): string {
  return value === undefined || value === null ? '' : stringOf(value, field);
}

function toolCallsOf(value: unknown, field: string): ToolCall[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length === 0) return [];
  return listOf(value, toolCallOf, { field, max: TOOL_CALLS_MAX });
}

function toolCallOf(value: unknown, field: string): ToolCall {
  const { id, type, function: called } = objectOf(value, field);
  if (type !== undefined && type !== 'function') {
    throw unsupported(`${field}.type`, 'only calls of functions can be read');
  }
  const { name, arguments: given } = objectOf(called, `${field}.function`);
  return {
    id: callId(id, `${field}.id`),
    name: calledName(name, `${field}.function.name`),
    arguments: stringOf(given, `${field}.function.arguments`),
  };
}

function contentOf(value: unknown, field: string): string {
  if (typeof value === 'string') return stringOf(value, field);
  if (!Array.isArray(value)) throw invalid(field, 'must be a string or an array of text parts');
  return listOf(value, partOf, { field, max: PARTS_MAX }).join('');
}

function partOf(value: unknown, field: string): string {
  const part = objectOf(value, field);
  const { type } = part;
  if (type === 'text') return stringOf(part['text'], `${field}.text`);
  if (type === 'refusal') return stringOf(part['refusal'], `${field}.refusal`);
  const known = type === 'image_url' || type === 'input_audio' || type === 'file';
  if (known)
    throw unsupported(`${field}.type`, `'${type}' parts cannot be read in this version; send text parts`);
  throw invalid(`${field}.type`, "must be 'text'");
}
