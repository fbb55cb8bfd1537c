/** OpenAI's messages as ours: texts only in this version. */
import type { ChatMessage } from '@filon/core/serving/completion';
import { MESSAGES_MAX, PARTS_MAX } from '../http/limits.ts';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';

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
  const role = ROLES.get(message['role']);
  if (role === undefined) throw invalid(`${field}.role`, `must be one of ${[...ROLES.keys()].join(', ')}`);
  for (const name of ['tool_calls', 'function_call', 'audio']) {
    const used = message[name] !== undefined && message[name] !== null;
    if (used) throw unsupported(`${field}.${name}`, 'this version knows no tools and no sound');
  }
  const content = contentOf(message['content'], `${field}.content`);
  const { name } = message;
  if (name === undefined || name === null) return { role, content };
  return { role, content, name: stringOf(name, `${field}.name`) };
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
