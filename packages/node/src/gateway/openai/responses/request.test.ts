import { describe, expect, test } from 'vitest';
import { responseDraft } from './request.ts';

const TOOL = {
  type: 'function',
  name: 'dig',
  description: 'Digs.',
  parameters: { type: 'object' },
  strict: true,
};
const BODY = { model: 'm', input: 'Ore?' };

describe('a request for a response', () => {
  test('becomes ours', () => {
    const draft = responseDraft({
      ...BODY,
      instructions: 'Be brief.',
      tools: [TOOL],
      tool_choice: { type: 'function', name: 'dig' },
      parallel_tool_calls: false,
      reasoning: { effort: 'none' },
      max_output_tokens: 9,
      temperature: 0.3,
      top_p: 0.5,
      seed: 7,
      top_logprobs: 3,
      text: { format: { type: 'json_object' }, verbosity: 'low' },
      metadata: { a: 'b' },
      previous_response_id: 'resp_1',
      stream: true,
      surely_unknown: 1,
    });
    expect(draft).toMatchObject({ previousId: 'resp_1', background: false, store: null, unknownFields: 1 });
    const call = draft.finish([{ role: 'user', content: 'Hello' }], true);
    expect(call.request).toMatchObject({
      ...{ model: 'm', choices: 1, maxTokens: 9, topLogprobs: 3, format: { kind: 'json' } },
      sampling: { temperature: 0.3, topP: 0.5, seed: 7n },
    });
    expect(call.request.prompt).toEqual({
      kind: 'chat',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'user', content: 'Ore?' },
      ],
      tools: [{ name: 'dig', description: 'Digs.', parameters: { type: 'object' } }],
      toolChoice: { kind: 'named', name: 'dig' },
      parallelToolCalls: false,
      thinking: false,
    });
    expect(call.messages).toEqual([
      { role: 'user', content: 'Hello' },
      { role: 'user', content: 'Ore?' },
    ]);
    expect(call.echo).toEqual({
      ...{ background: false, instructions: 'Be brief.', max_output_tokens: 9, metadata: { a: 'b' } },
      ...{ parallel_tool_calls: false, previous_response_id: 'resp_1', store: true, temperature: 0.3 },
      reasoning: { effort: 'none', summary: null },
      text: { format: { type: 'json_object' } },
      tool_choice: { type: 'function', name: 'dig' },
      tools: [TOOL],
      ...{ top_logprobs: 3, top_p: 0.5, truncation: 'disabled' },
    });
  });

  test('leaves to the model what it does not say', () => {
    const { request, echo } = responseDraft(BODY).finish([], false);
    expect(request).toMatchObject({ maxTokens: null, topLogprobs: null, format: { kind: 'text' } });
    expect(request.prompt).toEqual({ kind: 'chat', messages: [{ role: 'user', content: 'Ore?' }] });
    expect(echo).toMatchObject({ tools: [], tool_choice: 'auto', parallel_tool_calls: true, store: false });
  });

  test('may allow some of its tools', () => {
    const tools = ['dig', 'fill'].map((name) => ({ ...TOOL, name }));
    const choice = { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'fill' }] };
    const { request, echo } = responseDraft({ ...BODY, tools, tool_choice: choice }).finish([], false);
    expect(request.prompt).toMatchObject({ tools: [{ name: 'fill' }], toolChoice: { kind: 'required' } });
    expect(echo).toMatchObject({ tools, tool_choice: choice });
  });

  test.each<[object, string]>([
    [{ n: 2 }, 'n'],
    [{ max_tokens: 4 }, 'max_tokens'],
    [{ messages: [] }, 'messages'],
    [{ response_format: {} }, 'response_format'],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort'],
    [{ reasoning: 7 }, 'reasoning'],
    [{ prompt: { id: 'p' } }, 'prompt'],
    [{ truncation: 'middle' }, 'truncation'],
    [{ instructions: 7 }, 'instructions'],
    [{ text: { format: { type: 'xml' } } }, 'text.format.type'],
    [{ text: { format: { type: 'json_schema' } } }, 'text.format.schema'],
    [{ text: { format: { type: 'json_schema', schema: {}, name: 7 } } }, 'text.format.name'],
    [{ tools: [{ type: 'mcp' }] }, 'tools[0].type'],
    [{ tools: [{ ...TOOL, name: 'a b' }] }, 'tools[0].name'],
    [{ tools: [{ ...TOOL, strict: 'yes' }] }, 'tools[0].strict'],
    [{ tools: [TOOL, TOOL] }, 'tools[1].name'],
    [{ tools: Array(129).fill(TOOL) }, 'tools'],
    [{ tools: [TOOL], tool_choice: { type: 'function', name: 'fly' } }, 'tool_choice.name'],
    [{ tools: [TOOL], tool_choice: { type: 'file_search' } }, 'tool_choice.type'],
    [{ include: 'all' }, 'include'],
    [{ include: Array(33).fill('x') }, 'include'],
    [{ metadata: { a: 7 } }, 'metadata.a'],
    [{ metadata: { a: 'x'.repeat(513) } }, 'metadata.a'],
    [{ metadata: { ['k'.repeat(65)]: '' } }, 'metadata'],
    [{ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, key) => [key, ''])) }, 'metadata'],
    [{ background: true, store: 'no' }, 'store'],
    [{ previous_response_id: '' }, 'previous_response_id'],
  ])('with %j is refused by name', (change, field) => {
    expect(() => responseDraft({ ...BODY, ...change })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });

  test('whose conversation is too long is refused', () => {
    const earlier = Array.from({ length: 4_096 }, () => ({ role: 'user', content: '' }) as const);
    expect(() => responseDraft(BODY).finish(earlier, true)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field: 'previous_response_id' }) }),
    );
  });
});
