/** Ollama's messages as ours. Its results of tools name the tool, not the call: they answer the oldest open one. */
import type { ChatMessage, ToolCall } from '@filon/core/serving/completion';
import { MESSAGES_MAX } from '../http/limits.ts';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';
import { calledName, callId, TOOL_CALLS_MAX } from '../request/called.ts';
import { checkSchemaDepth } from '../request/json-schema.ts';

const ROLES: readonly unknown[] = ['system', 'user', 'assistant', 'tool'] satisfies ChatMessage['role'][];

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function messagesOf(value: unknown): ChatMessage[] {
  const open: Pick<ToolCall, 'id' | 'name'>[] = [];
  let calls = 0;
  const nextId = (): string => `call_${calls++}`;
  return listOf(value, (entry, field) => messageOf(entry, field, { open, nextId }), {
    ...{ field: 'messages', max: MESSAGES_MAX },
  });
}

interface Threads {
  /** Calls without a result so far. */
  open: Pick<ToolCall, 'id' | 'name'>[];
  nextId: () => string;
}

function messageOf(value: unknown, field: string, threads: Threads): ChatMessage {
  const message = objectOf(value, field);
  const { role } = message;
  if (!isRole(role)) throw invalid(`${field}.role`, `must be one of ${ROLES.join(', ')}`);
  refuseImages(message['images'], `${field}.images`);
  const content = textOrNone(message['content'], `${field}.content`);
  if (role === 'tool') return { role, content, ...answered(message, field, threads) };
  if (role !== 'assistant') return { role, content };
  const reasoning = textOrNone(message['thinking'], `${field}.thinking`);
  const toolCalls = toolCallsOf(message['tool_calls'], `${field}.tool_calls`, threads);
  return {
    role,
    content,
    ...(reasoning === '' ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

export function refuseImages(value: unknown, field: string): void {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return;
  throw unsupported(field, 'images cannot be read in this version; send text');
}

export function textOrNone(value: unknown, field: string): string {
  return value === undefined || value === null ? '' : stringOf(value, field);
}

function isRole(role: unknown): role is ChatMessage['role'] {
  return ROLES.includes(role);
}

function answered(
  message: Record<string, unknown>,
  field: string,
  { open }: Threads,
): Pick<ChatMessage, 'name' | 'toolCallId'> {
  const { tool_name: tool, tool_call_id: call } = message;
  const name = tool === undefined || tool === null ? null : calledName(tool, `${field}.tool_name`);
  const id = call === undefined || call === null ? null : callId(call, `${field}.tool_call_id`);
  const at = open.findIndex((other) =>
    id === null ? name === null || other.name === name : other.id === id,
  );
  const [found] = at < 0 ? [] : open.splice(at, 1);
  const answeredId = id ?? found?.id;
  const answeredName = name ?? found?.name;
  return {
    ...(answeredId === undefined ? {} : { toolCallId: answeredId }),
    ...(answeredName === undefined ? {} : { name: answeredName }),
  };
}

function toolCallsOf(value: unknown, field: string, { open, nextId }: Threads): ToolCall[] {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [];
  const calls = listOf(value, (entry, at) => toolCallOf(entry, at, nextId), { field, max: TOOL_CALLS_MAX });
  open.push(...calls);
  return calls;
}

function toolCallOf(value: unknown, field: string, nextId: () => string): ToolCall {
  const { id, function: called } = objectOf(value, field);
  const { name, arguments: given } = objectOf(called, `${field}.function`);
  const input = given === undefined || given === null ? {} : objectOf(given, `${field}.function.arguments`);
  checkSchemaDepth(input, `${field}.function.arguments`);
  const isNamed = id !== undefined && id !== null && id !== '';
  return {
    id: isNamed ? callId(id, `${field}.id`) : nextId(),
    name: calledName(name, `${field}.function.name`),
    arguments: JSON.stringify(input),
  };
}
