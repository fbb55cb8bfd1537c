/** The conversation before an answer as items again, for `GET /v1/responses/{id}/input_items`. */
import type { ChatMessage } from '@filon/core/serving/completion';
import { invalid } from '../../http/validate.ts';
import type { InputItem } from './shapes.ts';

export interface ItemPage {
  object: 'list';
  data: InputItem[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const PAGE_ITEMS_MAX = 100;
const PAGE_ITEMS = 20;

/** Ids are made from the response's, so they stay the same however often they are asked for. */
export function inputItems(messages: readonly ChatMessage[], responseId: string): InputItem[] {
  const rest = responseId.replace(/^resp_/, '');
  const items = messages.flatMap(itemsOf);
  return items.map((item, index) => ({ ...item, id: `${PREFIXES[item.type]}_${rest}_in_${index}` }));
}

const PREFIXES: Readonly<Record<InputItem['type'], string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
};

const DONE = { id: '', status: 'completed' } as const;

function itemsOf({ role, content, reasoning, toolCalls, toolCallId }: ChatMessage): InputItem[] {
  if (role === 'tool') {
    return [{ ...DONE, type: 'function_call_output', call_id: toolCallId ?? '', output: content }];
  }
  if (role !== 'assistant') {
    return [{ ...DONE, type: 'message', role, content: [{ type: 'input_text', text: content }] }];
  }
  const thought: InputItem[] =
    reasoning === undefined
      ? []
      : [{ ...DONE, type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: reasoning }] }];
  const calls = (toolCalls ?? []).map(
    (call): InputItem => ({
      ...DONE,
      type: 'function_call',
      call_id: call.id,
      name: call.name,
      arguments: call.arguments,
    }),
  );
  const only = content === '' && thought.length + calls.length > 0;
  const part = { type: 'output_text', text: content, annotations: [], logprobs: [] } as const;
  const said: InputItem = {
    ...DONE,
    type: 'message',
    role,
    content: [{ ...part, annotations: [], logprobs: [] }],
  };
  return [...thought, ...(only ? [] : [said]), ...calls];
}

/** Newest first unless `order` says otherwise, as OpenAI does. Codes: GATEWAY_REQUEST_INVALID. */
export function pageOf(items: readonly InputItem[], query: Readonly<Record<string, string>>): ItemPage {
  const { order = 'desc', after, limit } = query;
  if (order !== 'asc' && order !== 'desc') throw invalid('order', "must be 'asc' or 'desc'");
  const count = limit === undefined ? PAGE_ITEMS : Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > PAGE_ITEMS_MAX) {
    throw invalid('limit', `must be 1 to ${PAGE_ITEMS_MAX}`);
  }
  const ordered = order === 'asc' ? items : items.toReversed();
  const start = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw invalid('after', 'is the id of no item here');
  const data = ordered.slice(start, start + count);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + data.length < ordered.length,
  };
}
