/** A conversation in the shape that chat templates expect, which is that of Hugging Face's transformers. */
import type { ChatMessage, ChatPrompt, Tool, ToolCall } from '../serving/completion.ts';
import { offeredTools } from './check-tools.ts';
import type { Dialect } from './dialect.ts';
import { withoutSystemRole, withoutToolRoles } from './plain-tools.ts';
import { argumentsObject } from './tool-arguments.ts';

/** Plain JSON. A template may ask whether a member is there, so none is there without need. */
export interface TemplateMessage {
  role: string;
  content: string;
  name?: string;
  reasoning_content?: string;
  tool_calls?: readonly TemplateCall[];
  tool_call_id?: string;
}

interface TemplateCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: Readonly<Record<string, unknown>> };
}

export interface TemplateInput {
  messages: readonly TemplateMessage[];
  /** Further names that the template may use. */
  variables: Readonly<Record<string, unknown>>;
}

export function templateInput(dialect: Dialect, prompt: ChatPrompt): TemplateInput {
  const tools = offeredTools(prompt);
  const named = withToolNames(prompt.messages);
  const { thinking } = prompt;
  const mode =
    thinking === undefined || !dialect.thinkingSwitch ? {} : { enable_thinking: thinking, thinking };
  const turns = turnsOf(dialect, named, tools);
  const ids = shortIds(turns);
  const listed = tools.map(({ name, description, parameters }) => ({
    ...{ type: 'function', function: { name, description, parameters } },
  }));
  return {
    messages: turns.map((message) => templateMessage(message, ids)),
    // There but null where there are none, as transformers has it: templates may ask for its length.
    variables: { ...mode, tools: dialect.rendersTools && listed.length > 0 ? listed : null },
  };
}

function turnsOf(
  { rendersTools, toolFormat, systemRole }: Dialect,
  messages: readonly ChatMessage[],
  tools: readonly Tool[],
): readonly ChatMessage[] {
  let turns = rendersTools ? messages : withoutToolRoles(messages, tools);
  if (toolFormat === 'llama3') turns = oneCallEach(turns);
  return systemRole ? turns : withoutSystemRole(turns);
}

function templateMessage(message: ChatMessage, ids: ReadonlyMap<string, string>): TemplateMessage {
  const { role, content, name, reasoning, toolCalls = [], toolCallId } = message;
  const idOf = (id: string): string => ids.get(id) ?? id;
  const calls = toolCalls.map((call): TemplateCall => {
    const given = argumentsObject(call.arguments);
    return { id: idOf(call.id), type: 'function', function: { name: call.name, arguments: given } };
  });
  return {
    ...{ role, content },
    ...(name !== undefined && { name }),
    ...(reasoning !== undefined && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(toolCallId !== undefined && { tool_call_id: idOf(toolCallId) }),
  };
}

/** Results name their tool, which only the call says. */
function withToolNames(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (messages.every(({ role }) => role !== 'tool')) return messages;
  const names = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id, name }) => [id, name])),
  );
  return messages.map((message) => {
    const name = message.name ?? names.get(message.toolCallId ?? '');
    return message.role === 'tool' && name !== undefined ? { ...message, name } : message;
  });
}

/** Mistral's templates take ids of nine letters and digits only. Counted, so that a longer conversation begins alike. */
function shortIds(messages: readonly ChatMessage[]): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { toolCalls = [], toolCallId } of messages) {
    for (const id of [
      ...toolCalls.map((call) => call.id),
      ...(toolCallId === undefined ? [] : [toolCallId]),
    ]) {
      if (!ids.has(id)) ids.set(id, `c${String(ids.size).padStart(8, '0')}`);
    }
  }
  return ids;
}

/** Llama 3's templates refuse several calls in one message: each gets one of its own, with its result behind it. */
function oneCallEach(messages: readonly ChatMessage[]): ChatMessage[] {
  const moved = new Set<ChatMessage>();
  return messages.flatMap((message, at) => {
    const { toolCalls = [] } = message;
    if (moved.has(message)) return [];
    if (toolCalls.length < 2) return [message];
    return toolCalls.flatMap((call: ToolCall, i) => {
      const result = resultOf(call, messages, at);
      if (result !== undefined) moved.add(result);
      const turn = { ...message, content: i === 0 ? message.content : '', toolCalls: [call] };
      return result === undefined ? [turn] : [turn, result];
    });
  });
}

/** Among the results that follow the message at `at`. */
function resultOf({ id }: ToolCall, messages: readonly ChatMessage[], at: number): ChatMessage | undefined {
  for (const message of messages.slice(at + 1)) {
    if (message.role !== 'tool') return undefined;
    if (message.toolCallId === id) return message;
  }
  return undefined;
}
