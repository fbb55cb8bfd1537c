import { describe, expect, test } from 'vitest';
import type { ChatMessage, ChatPrompt, Tool } from '../serving/completion.ts';
import { type Dialect, dialectOf, marksOf } from './dialect.ts';
import { templateInput } from './template-input.ts';

const tool: Tool = { name: 'weather', description: 'Of a city', parameters: { type: 'object' } };
const call = (id: string, city: string) => ({ id, name: 'weather', arguments: JSON.stringify({ city }) });
const talk: ChatMessage[] = [
  { role: 'user', content: 'Paris and Rome?' },
  {
    ...{ role: 'assistant', content: 'I look.', reasoning: 'Two cities.' },
    toolCalls: [call('call_a', 'Paris'), call('call_b', 'Rome')],
  },
  { role: 'tool', content: 'sun', toolCallId: 'call_a' },
  { role: 'tool', content: 'rain', toolCallId: 'call_b' },
  { role: 'user', content: 'Thanks.' },
];
const prompt = (more: Partial<ChatPrompt> = {}): ChatPrompt => ({
  ...{ kind: 'chat', messages: talk, tools: [tool] },
  ...more,
});
const dialect = (more: Partial<Dialect>): Dialect => ({
  ...{ toolFormat: 'hermes', rendersTools: true, reasoning: null, thinkingSwitch: false, systemRole: true },
  ...more,
});

describe('for templates that know tools', () => {
  test('tools, calls, results and thoughts have the shape of transformers', () => {
    const { messages, variables } = templateInput(dialect({}), prompt());
    const { name, description, parameters } = tool;
    expect(variables).toEqual({ tools: [{ type: 'function', function: { name, description, parameters } }] });
    const made = (id: string, city: string) => ({
      ...{ id, type: 'function', function: { name: 'weather', arguments: { city } } },
    });
    expect(messages[1]).toEqual({
      ...{ role: 'assistant', content: 'I look.', reasoning_content: 'Two cities.' },
      tool_calls: [made('c00000000', 'Paris'), made('c00000001', 'Rome')],
    });
    expect(messages[3]).toEqual({
      role: 'tool',
      content: 'rain',
      name: 'weather',
      tool_call_id: 'c00000001',
    });
  });

  test('messages without tools have no trace of them', () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'Hi', name: 'Ada' }];
    const { tools: _, ...plain } = prompt({ messages });
    expect(templateInput(dialect({}), plain)).toEqual({ messages, variables: { tools: null } });
    const none = prompt({ messages, toolChoice: { kind: 'none' } });
    expect(templateInput(dialect({}), none).variables).toEqual({ tools: null });
  });

  test('what a model wrote in place of arguments is kept', () => {
    const odd = { ...call('x', ''), arguments: '{"city": ' };
    const messages: ChatMessage[] = [{ role: 'assistant', content: '', toolCalls: [odd] }];
    const [message] = templateInput(dialect({}), prompt({ messages })).messages;
    expect(message?.tool_calls?.[0]?.function.arguments).toEqual({ input: '{"city": ' });
  });

  test('Llama 3 gets each call with its result', () => {
    const { messages } = templateInput(dialect({ toolFormat: 'llama3' }), prompt());
    expect(messages.map(({ role, content, tool_calls }) => [role, content, tool_calls?.length])).toEqual([
      ['user', 'Paris and Rome?', undefined],
      ['assistant', 'I look.', 1],
      ['tool', 'sun', undefined],
      ['assistant', '', 1],
      ['tool', 'rain', undefined],
      ['user', 'Thanks.', undefined],
    ]);
  });

  test('whether to think is said only where the template knows it', () => {
    const asked = prompt({ thinking: false });
    expect(templateInput(dialect({ thinkingSwitch: true }), asked).variables).toMatchObject({
      enable_thinking: false,
    });
    expect(templateInput(dialect({}), asked).variables).not.toHaveProperty('enable_thinking');
    expect(templateInput(dialect({ thinkingSwitch: true }), prompt()).variables).not.toHaveProperty(
      'thinking',
    );
  });
});

describe('for templates that know none', () => {
  const plain = dialect({ toolFormat: 'json', rendersTools: false });
  test('tools are explained, and users and assistants take turns', () => {
    const { messages, variables } = templateInput(plain, prompt());
    expect(variables).toEqual({ tools: null });
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(messages[0]?.content).toContain('{"name":"weather","description":"Of a city"');
    expect(messages[2]?.content).toBe(
      'I look.\n{"name": "weather", "arguments": {"city":"Paris"}}\n{"name": "weather", "arguments": {"city":"Rome"}}',
    );
    expect(messages[3]?.content).toBe('Result of weather:\nsun\n\nResult of weather:\nrain\n\nThanks.');
  });

  test('the explanation joins what the system says', () => {
    const system = { role: 'system', content: 'Be brief.' } as const;
    const { messages } = templateInput(plain, prompt({ messages: [system, ...talk] }));
    expect(messages[0]?.content).toMatch(/^Be brief\.\n\nYou can call tools\./);
    expect(messages[1]?.role).toBe('user');
  });

  test('templates that refuse the system hear it from the user', () => {
    const { messages } = templateInput({ ...plain, systemRole: false }, prompt());
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[0]?.content).toMatch(/^You can call tools\.[\s\S]*Paris and Rome\?$/);
  });
});

describe('the dialect of a template', () => {
  const head = '{% if tools %}{{ tools | tojson }}{% endif %}';
  test.each([
    ['hermes', '<tool_call>\\n{"name": ..., "arguments": ...}\\n</tool_call>'],
    ['qwen-xml', '<tool_call>\\n<function=a>\\n<parameter=b>\\n'],
    ['mistral', '[TOOL_CALLS][{{ call }}]'],
    ['mistral-args', '[TOOL_CALLS]{{ name }}[ARGS]{{ arguments }}'],
    ['llama3', 'ipython {"name": x, "parameters": y}'],
    ['gemma', "<|tool_call>call:' + name"],
    ['function-gemma', "<start_function_call>call:' + name"],
  ])('is %s', (toolFormat, text) => {
    expect(dialectOf(head + text)).toMatchObject({ toolFormat, rendersTools: true });
    expect(dialectOf(text)).toMatchObject({ toolFormat: 'json', rendersTools: false });
  });

  test('is plain JSON where the format is none of ours', () => {
    const glm = `${head}<tool_call>{name}<arg_key>k</arg_key><arg_value>v</arg_value></tool_call> arguments`;
    expect(dialectOf(glm)).toMatchObject({ toolFormat: 'json', rendersTools: false });
    expect(dialectOf('{{ messages }}')).toEqual({
      ...{
        toolFormat: 'json',
        rendersTools: false,
        reasoning: null,
        thinkingSwitch: false,
        systemRole: true,
      },
    });
  });

  test('tells thoughts, switches and who may speak', () => {
    expect(dialectOf('a</think>{% if enable_thinking is defined %}')).toMatchObject({
      ...{ reasoning: { open: '<think>', close: '</think>' }, thinkingSwitch: true },
    });
    expect(dialectOf('[THINK]x[/THINK]').reasoning).toEqual({ open: '[THINK]', close: '[/THINK]' });
    expect(dialectOf('{% if thinking %}').thinkingSwitch).toBe(true);
    expect(dialectOf("{{ raise_exception('System role not supported') }}").systemRole).toBe(false);
  });

  test('names the marks that must be shown', () => {
    const marks = marksOf(dialectOf(`${head}[TOOL_CALLS]{{ name }}[ARGS] [THINK][/THINK]`));
    expect(marks.sort()).toEqual(['[/THINK]', '[ARGS]', '[CALL_ID]', '[THINK]', '[TOOL_CALLS]']);
  });
});
