/** The AI SDK, unchanged, against a real node with the starter model. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, tool } from 'ai';
import { expect, test } from 'vitest';
import { runAiSdkSuite } from './kit/ai-sdk-suite.ts';
import { overRealNode } from './kit/client-hosts.ts';
import { STARTER } from './kit/starter-model.ts';

const node = overRealNode(runAiSdkSuite);

test('a tool that must be called is', async () => {
  const model = createOpenAICompatible({ name: 'filon', baseURL: `${node().url}/v1` })(STARTER);
  const schema = jsonSchema<{ town: string }>({
    type: 'object',
    properties: { town: { type: 'string', maxLength: 20 } },
    required: ['town'],
    additionalProperties: false,
  });
  const { toolCalls, finishReason } = await generateText({
    model,
    prompt: 'How is the weather in Oruro?',
    tools: { weather: tool({ description: 'The weather of a town.', inputSchema: schema }) },
    toolChoice: { type: 'tool', toolName: 'weather' },
    maxOutputTokens: 120,
    maxRetries: 0,
  });
  // A small model may call it again and again.
  expect(['tool-calls', 'length']).toContain(finishReason);
  expect(toolCalls[0]).toMatchObject({ toolName: 'weather', input: { town: expect.any(String) } });
});
