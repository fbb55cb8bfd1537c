/** The AI SDK, unchanged, against a real node with the starter model. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, tool } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAiSdkSuite } from './kit/ai-sdk-suite.ts';
import { openRealNode, type RealNode } from './kit/real-node.ts';
import { STARTER } from './kit/starter-model.ts';

let node: RealNode;
beforeAll(async () => {
  node = await openRealNode({ model: 'starter', environment: { FILON_CONTEXT_TOKENS: '2048' } });
});
afterAll(() => node[Symbol.asyncDispose]());

runAiSdkSuite(() => ({
  url: node.url,
  model: STARTER,
  // Fast mode: a prefix from the cache may tip a near tie.
  repeats: false,
  turnTokensMax: 60,
  generatedTokens: () => node.metric('filon_generated_tokens_total'),
}));

test('a tool that must be called is', async () => {
  const model = createOpenAICompatible({ name: 'filon', baseURL: `${node.url}/v1` })(STARTER);
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
