/** Anthropic's messages as ours: results of tools become messages of their own, neighbours of one role become one. */
import type { ChatMessage } from '@filon/core/serving/completion';
import { MESSAGES_MAX } from '../http/limits.ts';
import { invalid, listOf, objectOf, unsupported } from '../http/validate.ts';
import { type Block, blocksOf, PARAGRAPH, textOf } from './blocks.ts';

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function messagesOf(body: Record<string, unknown>): ChatMessage[] {
  const { system, messages } = body;
  if (messages === undefined) throw invalid('messages', 'is missing');
  const turns = listOf(messages, turnOf, { field: 'messages', max: MESSAGES_MAX }).flat();
  if (turns.length === 0) throw invalid('messages', 'say nothing');
  if (turns.at(-1)?.role === 'assistant') {
    throw unsupported('messages', 'the last one must not be of the assistant: answers begin afresh here');
  }
  const opening = system === undefined || system === null ? '' : textOf(system, 'system');
  const first: ChatMessage[] = opening === '' ? [] : [{ role: 'system', content: opening }];
  return withToolNames(joinNeighbours([...first, ...turns]));
}

function turnOf(value: unknown, field: string): ChatMessage[] {
  const { role, content } = objectOf(value, field);
  if (role !== 'user' && role !== 'assistant' && role !== 'system') {
    throw invalid(`${field}.role`, "must be 'user', 'assistant' or 'system'");
  }
  const blocks = blocksOf(content, role, `${field}.content`);
  if (role === 'assistant') return [assistantTurn(blocks)];
  return blocks.map((block) => {
    if (block.kind === 'result') return { role: 'tool', content: block.text, toolCallId: block.id };
    return { role, content: 'text' in block ? block.text : '' };
  });
}

function assistantTurn(blocks: readonly Block[]): ChatMessage {
  const textOfKind = (kind: 'text' | 'thinking'): string =>
    blocks.map((block) => (block.kind === kind ? block.text : '')).join('');
  const reasoning = textOfKind('thinking');
  const toolCalls = blocks.flatMap((block) => (block.kind === 'call' ? [block.call] : []));
  return {
    role: 'assistant',
    content: textOfKind('text'),
    ...(reasoning === '' ? {} : { reasoning }),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  };
}

/** Many templates take only turns that alternate. */
function joinNeighbours(messages: readonly ChatMessage[]): ChatMessage[] {
  const joined: ChatMessage[] = [];
  for (const message of messages) {
    const last = joined.at(-1);
    const isSame = last?.role === message.role && (message.role === 'user' || message.role === 'system');
    if (last && isSame) last.content += PARAGRAPH + message.content;
    else joined.push({ ...message });
  }
  return joined;
}

/** Some templates name the tool that a result is of. */
function withToolNames(messages: readonly ChatMessage[]): ChatMessage[] {
  const names = new Map<string, string>();
  return messages.map((message) => {
    for (const { id, name } of message.toolCalls ?? []) names.set(id, name);
    const name = message.toolCallId === undefined ? undefined : names.get(message.toolCallId);
    return name === undefined ? message : { ...message, name };
  });
}
