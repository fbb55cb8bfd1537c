import { describe, expect, test } from 'vitest';
import { chatCall } from './chat-request.ts';

const TOOL = {
  type: 'function',
  function: { name: 'dig', description: 'Digs.', parameters: { type: 'object' } },
};
const CALL = { id: 'call_1', type: 'function', function: { name: 'dig', arguments: '{"at":1}' } };
const BODY = { model: 'm', messages: [{ role: 'user', content: 'Ore?' }] };
const fill = { type: 'function', function: { name: 'fill' } };
const named = (name: string): object => ({ type: 'function', function: { name } });

describe('a chat with tools', () => {
  test('becomes ours', () => {
    const { request } = chatCall({
      ...BODY,
      tools: [TOOL, fill],
      tool_choice: named('dig'),
      parallel_tool_calls: true,
    });
    expect(request.prompt).toEqual({
      kind: 'chat',
      messages: [{ role: 'user', content: 'Ore?' }],
      tools: [
        { name: 'dig', description: 'Digs.', parameters: { type: 'object' } },
        { name: 'fill', description: '', parameters: { type: 'object', properties: {} } },
      ],
      toolChoice: { kind: 'named', name: 'dig' },
      parallelToolCalls: true,
    });
  });

  test.each<[unknown, object]>([
    ['auto', { toolChoice: { kind: 'auto' } }],
    ['none', { toolChoice: { kind: 'none' } }],
    ['required', { toolChoice: { kind: 'required' } }],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [named('fill')] } },
      { toolChoice: { kind: 'auto' }, tools: [{ name: 'fill' }] },
    ],
  ])('is left the choice %j', (choice, expected) => {
    expect(chatCall({ ...BODY, tools: [TOOL, fill], tool_choice: choice }).request.prompt).toMatchObject(
      expected,
    );
  });

  test('brings its calls, results and thoughts along', () => {
    const messages = [
      { role: 'assistant', content: null, reasoning_content: 'hm', tool_calls: [CALL], refusal: null },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'ore' }] },
      { role: 'assistant', refusal: 'No.' },
    ];
    expect(chatCall({ ...BODY, messages }).request.prompt).toMatchObject({
      messages: [
        {
          ...{ role: 'assistant', content: '', reasoning: 'hm' },
          toolCalls: [{ id: 'call_1', name: 'dig', arguments: '{"at":1}' }],
        },
        { role: 'tool', content: 'ore', toolCallId: 'call_1' },
        { role: 'assistant', content: 'No.' },
      ],
    });
  });

  const chat = (...messages: object[]): object => ({ messages });
  test.each<[object, string]>([
    [{ tools: 7 }, 'tools'],
    [{ tools: Array(129).fill(TOOL) }, 'tools'],
    [{ tools: [{ type: 'custom', custom: {} }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tools: [named('a b')] }, 'tools[0].function.name'],
    [{ tools: [named('a'.repeat(65))] }, 'tools[0].function.name'],
    [{ tools: [TOOL, TOOL] }, 'tools[1].function.name'],
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
      'tools[0].function.parameters',
    ],
    [
      { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'string' } } }] },
      'tools[0].function.parameters.type',
    ],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tool_choice: 'sometimes' }, 'tool_choice'],
    [{ tools: [TOOL], tool_choice: named('fly') }, 'tool_choice.function.name'],
    [{ tools: [TOOL], tool_choice: { type: 'custom' } }, 'tool_choice.type'],
    [
      { tools: [TOOL], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'none', tools: [] } } },
      'tool_choice.allowed_tools.mode',
    ],
    [{ parallel_tool_calls: 'yes' }, 'parallel_tool_calls'],
    [{ functions: [{ name: 'f' }] }, 'functions'],
    [{ function_call: 'auto' }, 'function_call'],
    [{ reasoning_effort: 'huge' }, 'reasoning_effort'],
    [{ chat_template_kwargs: { enable_thinking: 'no' } }, 'chat_template_kwargs.enable_thinking'],
    [chat({ role: 'function', name: 'f', content: '' }), 'messages[0].role'],
    [chat({ role: 'assistant', function_call: {} }), 'messages[0].function_call'],
    [chat({ role: 'assistant', content: null }), 'messages[0].content'],
    [chat({ role: 'tool', content: 'ore' }), 'messages[0].tool_call_id'],
    [chat({ role: 'assistant', tool_calls: Array(129).fill(CALL) }), 'messages[0].tool_calls'],
    [
      chat({ role: 'assistant', tool_calls: [{ ...CALL, type: 'custom' }] }),
      'messages[0].tool_calls[0].type',
    ],
    [chat({ role: 'assistant', tool_calls: [{ ...CALL, id: '' }] }), 'messages[0].tool_calls[0].id'],
    [
      chat({ role: 'assistant', tool_calls: [{ ...CALL, function: { name: 'f' } }] }),
      'messages[0].tool_calls[0].function.arguments',
    ],
  ])('as %j is refused by name', (change, field) => {
    expect(() => chatCall({ ...BODY, ...change })).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) }),
    );
  });
});

describe('thinking', () => {
  test.each<[object, boolean | undefined]>([
    [{}, undefined],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: 'minimal' }, false],
    [{ reasoning_effort: 'high' }, true],
    [{ chat_template_kwargs: { enable_thinking: true } }, true],
    [{ chat_template_kwargs: { other: 1 }, reasoning_effort: 'low' }, true],
    [{ chat_template_kwargs: { enable_thinking: false }, reasoning_effort: 'low' }, false],
  ])('with %j is %s', (change, thinking) => {
    const { prompt } = chatCall({ ...BODY, ...change }).request;
    expect(prompt.kind === 'chat' ? prompt.thinking : null).toBe(thinking);
  });
});
