import type { ChatMessage } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inputMessages } from './input.ts';
import { inputItems, pageOf } from './input-items.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const word = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });
const call = fc.record({ id: word, name: word, arguments: text });
const said = fc.record({ role: fc.constantFrom('system' as const, 'user' as const), content: text });
const result = fc.record({ role: fc.constant('tool' as const), content: text, toolCallId: word });
const answer = fc.record(
  {
    role: fc.constant('assistant' as const),
    content: text,
    reasoning: word,
    toolCalls: fc.array(call, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['role', 'content'] },
);

/** Items that follow each other are one message of the assistant, so two such messages need one of another between. */
const conversations: fc.Arbitrary<ChatMessage[]> = fc
  .array(fc.tuple(fc.oneof(said, result), fc.option(answer)), { minLength: 1, maxLength: 6 })
  .map((turns) => turns.flatMap(([one, other]): ChatMessage[] => (other === null ? [one] : [one, other])));

describe('a conversation', () => {
  test('comes back whole from its items', () => {
    fc.assert(
      fc.property(conversations, (messages) => {
        const items = inputItems(messages, 'resp_5f');
        expect(inputMessages(JSON.parse(JSON.stringify(items)))).toEqual(messages);
        expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
      }),
    );
  });

  test('is paged through in either order', () => {
    fc.assert(
      fc.property(conversations, fc.integer({ min: 1, max: 4 }), fc.boolean(), (messages, limit, up) => {
        const items = inputItems(messages, 'resp_5f');
        const query = { limit: `${limit}`, order: up ? 'asc' : 'desc' };
        const found: string[] = [];
        for (
          let page = pageOf(items, query);
          ;
          page = pageOf(items, { ...query, after: found.at(-1) ?? '' })
        ) {
          for (const { id } of page.data) found.push(id);
          expect(page.last_id).toBe(found.at(-1));
          if (!page.has_more) break;
        }
        const ids = items.map(({ id }) => id);
        expect(found).toEqual(up ? ids : ids.reverse());
      }),
    );
  });

  test('of a text alone is one message', () => {
    expect(inputMessages('Ore?')).toEqual([{ role: 'user', content: 'Ore?' }]);
  });

  test('keeps a thought, a text and calls of one turn together', () => {
    const calls = ['a', 'b'].map((id) => ({
      type: 'function_call',
      call_id: id,
      name: 'dig',
      arguments: '{}',
    }));
    const items = [
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'hm' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Well' }] },
      ...calls,
      { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_text', text: 'ore' }] },
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'not the thought' }] },
      { role: 'assistant', content: 'So' },
      { role: 'assistant', content: 'and so' },
    ];
    const toolCalls = ['a', 'b'].map((id) => ({ id, name: 'dig', arguments: '{}' }));
    expect(inputMessages(items)).toEqual([
      { role: 'assistant', reasoning: 'hm', content: 'Well', toolCalls },
      { role: 'tool', content: 'ore', toolCallId: 'a' },
      { role: 'assistant', content: 'So' },
      { role: 'assistant', content: 'and so' },
    ]);
  });

  test.each([
    [undefined, 'input'],
    [7, 'input'],
    [[], 'input'],
    [[7], 'input[0]'],
    [[{ role: 'nobody', content: '' }], 'input[0].role'],
    [[{ role: 'user' }], 'input[0].content'],
    [[{ role: 'user', content: [{ type: 'input_file' }] }], 'input[0].content[0].type'],
    [[{ type: 'item_reference', id: 'msg_1' }], 'input[0].type'],
    [[{ type: 'function_call', call_id: 'a', name: '', arguments: '' }], 'input[0].name'],
    [[{ type: 'function_call', call_id: 'a', name: 'f' }], 'input[0].arguments'],
    [[{ type: 'function_call_output', output: '' }], 'input[0].call_id'],
    [[{ type: 'reasoning', content: [{ type: 'text', text: '' }] }], 'input[0].content[0].type'],
  ])('%# is refused by name', (value, field) => {
    expect(() => inputMessages(value)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });

  test.each([{ order: 'up' }, { limit: '0' }, { limit: '101' }, { limit: 'x' }, { after: 'msg_no' }])(
    'is not paged by %o',
    (query) => {
      const items = inputItems([{ role: 'user', content: 'a' }], 'resp_5f');
      const [field] = Object.keys(query);
      expect(() => pageOf(items, query as Record<string, string>)).toThrow(
        expect.objectContaining({ details: expect.objectContaining({ field }) }),
      );
    },
  );
});
