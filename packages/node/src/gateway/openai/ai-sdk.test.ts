import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { Chunk } from '@filon/core/serving/completion';
import { generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAiSdkSuite } from '../../../../../test/kit/ai-sdk-suite.ts';
import { type ChunkGateway, openChunkGateway } from '../../../../../test/kit/chunk-gateway.ts';
import { overScriptedEngine } from '../../../../../test/kit/client-hosts.ts';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';

overScriptedEngine(runAiSdkSuite);

describe('tools, as a model would call them', () => {
  let made: ChunkGateway;
  beforeAll(async () => {
    made = await openChunkGateway();
  });
  afterAll(() => made[Symbol.asyncDispose]());

  const CALL: Chunk[] = [
    { kind: 'reasoning', choice: 0, text: 'I should look.' },
    { kind: 'tool-call', choice: 0, index: 0, id: 'call_a', name: 'weather' },
    { kind: 'tool-arguments', choice: 0, index: 0, text: '{"town":' },
    { kind: 'tool-arguments', choice: 0, index: 0, text: '"Oruro"}' },
    { kind: 'end', choice: 0, reason: 'tool-calls' },
  ];
  const COLD: Chunk[] = [
    { kind: 'delta', choice: 0, text: 'Cold.', logprobs: [] },
    { kind: 'end', choice: 0, reason: 'stop' },
  ];

  test('are run, and what they give goes back', async () => {
    const model = createOpenAICompatible({ name: 'filon', baseURL: `${made.gateway.url}/v1` })(MODEL);
    const towns: string[] = [];
    const weather = tool({
      description: 'The weather of a town.',
      inputSchema: jsonSchema<{ town: string }>({
        ...{ type: 'object', properties: { town: { type: 'string' } }, required: ['town'] },
      }),
      execute: async ({ town }) => {
        towns.push(town);
        made.answerWith(COLD);
        return '4 °C';
      },
    });
    const ask = {
      model,
      prompt: 'How is Oruro?',
      tools: { weather },
      stopWhen: isStepCount(3),
      maxRetries: 0,
    };
    made.answerWith(CALL);
    const whole = await generateText(ask);
    expect(whole.text).toBe('Cold.');
    expect(whole.steps[0]?.reasoningText).toBe('I should look.');
    expect(made.requests.at(-1)?.prompt).toMatchObject({
      messages: [
        { role: 'user' },
        { role: 'assistant', toolCalls: [{ id: 'call_a', arguments: '{"town":"Oruro"}' }] },
        { role: 'tool', toolCallId: 'call_a', content: '4 °C' },
      ],
    });
    made.answerWith(CALL);
    expect(await streamText(ask).text).toBe('Cold.');
    expect(towns).toEqual(['Oruro', 'Oruro']);
  });
});
