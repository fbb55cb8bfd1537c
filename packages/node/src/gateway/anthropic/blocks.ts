/** Content blocks of Anthropic's messages, one by one. */
import type { ToolCall } from '@filon/core/serving/completion';
import { PARTS_MAX } from '../http/limits.ts';
import { invalid, listOf, objectOf, stringOf, unsupported } from '../http/validate.ts';
import { calledName, callId } from '../request/called.ts';
import { checkSchemaDepth } from '../request/json-schema.ts';

export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'thinking'; text: string }
  | { kind: 'call'; call: ToolCall }
  | { kind: 'result'; id: string; text: string };

/** Between texts that their writer kept apart. */
export const PARAGRAPH = '\n\n';

const READERS: Readonly<Record<string, (block: Record<string, unknown>, field: string) => Block>> = {
  text: (block, field) => ({ kind: 'text', text: stringOf(block['text'], `${field}.text`) }),
  thinking: (block, field) => ({ kind: 'thinking', text: stringOf(block['thinking'], `${field}.thinking`) }),
  // Nobody but its vendor can read it.
  redacted_thinking: () => ({ kind: 'thinking', text: '' }),
  tool_use: (block, field) => ({ kind: 'call', call: callOf(block, field) }),
  tool_result: resultOf,
};
const OF_ROLE: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'tool_result'],
  assistant: ['text', 'thinking', 'redacted_thinking', 'tool_use'],
  system: ['text'],
};

/** A string, or up to {@link PARTS_MAX} blocks of those that the role may write. */
export function blocksOf(value: unknown, role: string, field: string): Block[] {
  if (typeof value === 'string') return [{ kind: 'text', text: stringOf(value, field) }];
  if (!Array.isArray(value)) throw invalid(field, 'must be a string or an array of blocks');
  if (value.length === 0) return [];
  return listOf(value, (entry, at) => blockOf(entry, role, at), { field, max: PARTS_MAX });
}

/** Only texts, as one. */
export function textOf(value: unknown, field: string): string {
  const texts = blocksOf(value, 'system', field).map((block) => ('text' in block ? block.text : ''));
  return texts.join(PARAGRAPH);
}

function blockOf(value: unknown, role: string, field: string): Block {
  const block = objectOf(value, field);
  const { type } = block;
  if (typeof type !== 'string') throw invalid(`${field}.type`, 'must be a string');
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) {
    throw unsupported(`${field}.type`, `'${type.slice(0, 64)}' blocks cannot be read here; send text`);
  }
  if (OF_ROLE[role]?.includes(type) === true) return read(block, field);
  throw invalid(`${field}.type`, `'${type}' blocks have no place here`);
}

function callOf(block: Record<string, unknown>, field: string): ToolCall {
  return {
    id: callId(block['id'], `${field}.id`),
    name: calledName(block['name'], `${field}.name`),
    arguments: inputText(block['input'], `${field}.input`),
  };
}

/** A model may have written what is no JSON: then it went out as a text, and comes back as one. */
function inputText(value: unknown, field: string): string {
  if (typeof value === 'string') return stringOf(value, field);
  const input = objectOf(value, field);
  checkSchemaDepth(input, field);
  return JSON.stringify(input);
}

function resultOf(block: Record<string, unknown>, field: string): Block {
  const { content, is_error: failed = null } = block;
  if (failed !== null && typeof failed !== 'boolean')
    throw invalid(`${field}.is_error`, 'must be true or false');
  const text = content === undefined || content === null ? '' : textOf(content, `${field}.content`);
  const id = callId(block['tool_use_id'], `${field}.tool_use_id`);
  return { kind: 'result', id, text: failed === true ? `Error: ${text}` : text };
}
