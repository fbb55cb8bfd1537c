/** `input` as messages: what a response calls items, one each for a text, a thought, a call and its result, we keep together. */
import type { ChatMessage } from '@filon/core/serving/completion';
import { MESSAGES_MAX, PARTS_MAX } from '../../http/limits.ts';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../../http/validate.ts';
import { calledName, callId } from '../../request/called.ts';
import type { OutputItem } from './shapes.ts';

const ROLES: ReadonlyMap<unknown, 'system' | 'user' | 'assistant'> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);

/** Codes: GATEWAY_REQUEST_INVALID, GATEWAY_FEATURE_UNSUPPORTED. */
export function inputMessages(value: unknown): ChatMessage[] {
  if (value === undefined || value === null) throw invalid('input', 'is missing');
  if (typeof value === 'string') return [{ role: 'user', content: stringOf(value, 'input') }];
  if (!Array.isArray(value)) throw invalid('input', 'must be a string or an array of items');
  return joined(listOf(value, pieceOf, { field: 'input', max: MESSAGES_MAX }));
}

/** What an answer adds to the conversation. */
export function outputMessages(items: readonly OutputItem[]): ChatMessage[] {
  return joined(
    items.map((item): Piece => {
      if (item.type === 'function_call') {
        const { call_id: id, name, arguments: given } = item;
        return { kind: 'call', call: { id, name, arguments: given } };
      }
      const text = item.content.map((part) => part.text).join('');
      return item.type === 'reasoning' ? { kind: 'thought', text } : { kind: 'answer', text };
    }),
  );
}

/** `thought`, `answer` and `call` that follow each other are one message of the assistant. */
type Piece =
  | { kind: 'message'; message: ChatMessage }
  | { kind: 'thought'; text: string }
  | { kind: 'answer'; text: string }
  | { kind: 'call'; call: NonNullable<ChatMessage['toolCalls']>[number] };

function joined(pieces: readonly Piece[]): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let open: ChatMessage | null = null;
  const fresh = (fits: boolean): ChatMessage => {
    if (open !== null && fits) return open;
    open = { role: 'assistant', content: '' };
    messages.push(open);
    return open;
  };
  for (const piece of pieces) {
    // The compiler forgets that the closure above sets it.
    const now = open as ChatMessage | null;
    if (piece.kind === 'message') {
      messages.push(piece.message);
      open = null;
    } else if (piece.kind === 'thought') {
      if (piece.text === '') continue;
      const message = fresh(now?.content === '' && now.toolCalls === undefined);
      message.reasoning = (message.reasoning ?? '') + piece.text;
    } else if (piece.kind === 'answer') fresh(now?.content === '').content = piece.text;
    else {
      const message = fresh(true);
      message.toolCalls = [...(message.toolCalls ?? []), piece.call];
    }
  }
  return messages;
}

function pieceOf(value: unknown, field: string): Piece {
  const item = objectOf(value, field);
  switch (item['type'] ?? (item['role'] === undefined ? undefined : 'message')) {
    case 'message':
      return messagePiece(item, field);
    case 'function_call':
      return { kind: 'call', call: callOf(item, field) };
    case 'function_call_output':
      return { kind: 'message', message: resultOf(item, field) };
    case 'reasoning':
      return { kind: 'thought', text: thoughtOf(item['content'], `${field}.content`) };
    default:
      throw unreadable(item['type'], `${field}.type`);
  }
}

function unreadable(type: unknown, field: string): Error {
  const readable = 'message, function_call, function_call_output or reasoning';
  if (typeof type !== 'string') return invalid(field, `must be ${readable}`);
  if (type === 'item_reference') {
    return unsupported(field, 'items are not kept by themselves; send the item, or previous_response_id');
  }
  return unsupported(field, `'${type.slice(0, 64)}' items cannot be read; send ${readable}`);
}

function messagePiece(item: Record<string, unknown>, field: string): Piece {
  const role = ROLES.get(item['role']);
  if (role === undefined) throw invalid(`${field}.role`, `must be one of ${[...ROLES.keys()].join(', ')}`);
  const content = contentOf(item['content'], `${field}.content`);
  return role === 'assistant'
    ? { kind: 'answer', text: content }
    : { kind: 'message', message: { role, content } };
}

function callOf(
  item: Record<string, unknown>,
  field: string,
): { id: string; name: string; arguments: string } {
  return {
    id: callId(item['call_id'], `${field}.call_id`),
    name: calledName(item['name'], `${field}.name`),
    arguments: stringOf(item['arguments'], `${field}.arguments`),
  };
}

function resultOf(item: Record<string, unknown>, field: string): ChatMessage {
  return {
    role: 'tool',
    content: contentOf(item['output'], `${field}.output`),
    toolCallId: callId(item['call_id'], `${field}.call_id`),
  };
}

/** A summary of thoughts is none: only the thoughts themselves are read. */
function thoughtOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.length === 0) return '';
  return listOf(value, thoughtPart, { field, max: PARTS_MAX }).join('');
}

function thoughtPart(value: unknown, field: string): string {
  const part = objectOf(value, field);
  if (part['type'] !== 'reasoning_text') throw invalid(`${field}.type`, "must be 'reasoning_text'");
  return stringOf(part['text'], `${field}.text`);
}

function contentOf(value: unknown, field: string): string {
  if (typeof value === 'string') return stringOf(value, field);
  if (!Array.isArray(value)) throw invalid(field, 'must be a string or an array of text parts');
  if (value.length === 0) return '';
  return listOf(value, partOf, { field, max: PARTS_MAX }).join('');
}

const TEXTS = new Set<unknown>(['input_text', 'output_text', 'text']);
const OTHERS = new Set<unknown>(['input_image', 'input_file', 'input_audio']);

function partOf(value: unknown, field: string): string {
  const part = objectOf(value, field);
  const { type } = part;
  if (TEXTS.has(type)) return stringOf(part['text'], `${field}.text`);
  if (type === 'refusal') return stringOf(part['refusal'], `${field}.refusal`);
  if (OTHERS.has(type)) {
    throw unsupported(`${field}.type`, `'${type}' parts cannot be read in this version; send text parts`);
  }
  throw invalid(`${field}.type`, "must be 'input_text' or 'output_text'");
}
