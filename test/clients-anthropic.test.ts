/** Anthropic's official client, unchanged, against a real node with the starter model. */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { runAnthropicClientSuite } from './kit/anthropic-client-suite.ts';
import { overRealNode } from './kit/client-hosts.ts';
import { STARTER } from './kit/starter-model.ts';

const node = overRealNode(runAnthropicClientSuite);

describe('tools that must be called', () => {
  const PARAMETERS = {
    type: 'object' as const,
    properties: { town: { type: 'string', maxLength: 20 } },
    required: ['town'],
    additionalProperties: false,
  };
  const tools: Anthropic.Tool[] = [
    { name: 'weather', description: 'The weather of a town.', input_schema: PARAMETERS },
    { name: 'clock', description: 'The time in a town.', input_schema: PARAMETERS },
  ];
  const ask = (tool_choice: Anthropic.ToolChoice): Anthropic.MessageCreateParamsNonStreaming => ({
    ...{ model: STARTER, max_tokens: 120, tools, tool_choice },
    messages: [{ role: 'user', content: 'What time is it in Oruro?' }],
  });
  const client = (): Anthropic => new Anthropic({ baseURL: node().url, apiKey: 'none', maxRetries: 0 });
  const input = { town: expect.any(String) };
  /** A small model would call again and again. */
  const ONCE = { disable_parallel_tool_use: true };

  test('are, streamed or not', async () => {
    const whole = await client().messages.create(ask({ type: 'any', ...ONCE }));
    const named = ask({ type: 'tool', name: 'clock', ...ONCE });
    const streamed = await client().messages.stream(named).finalMessage();
    for (const { content, stop_reason } of [whole, streamed]) {
      expect(stop_reason).toBe('tool_use');
      expect(content).toMatchObject([{ type: 'tool_use', input }]);
    }
    expect(streamed.content.at(-1)).toMatchObject({ name: 'clock' });
  });

  test('give results that the model goes on from', async () => {
    const first = ask({ type: 'tool', name: 'clock', ...ONCE });
    const { content } = await client().messages.create(first);
    const results = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: '12:30' }]
        : [],
    );
    const turns = [
      { role: 'assistant' as const, content },
      { role: 'user' as const, content: results },
    ];
    const second = { ...ask({ type: 'none' }), messages: [...first.messages, ...turns], max_tokens: 16 };
    const answer = await client().messages.create(second);
    expect(answer.stop_reason).not.toBe('tool_use');
    const { input_tokens: counted } = await client().messages.countTokens({
      ...{ model: STARTER, tools, tool_choice: { type: 'none' }, messages: second.messages },
    });
    expect(counted).toBe(answer.usage.input_tokens + (answer.usage.cache_read_input_tokens ?? 0));
  });
});
