/**
 * The AI SDK with its provider for servers that speak as OpenAI does, unchanged, against a gateway: over the scripted
 * engine in unit tests, over a real node with a real model in system tests.
 */
import { createOpenAICompatible, type OpenAICompatibleProvider } from '@ai-sdk/openai-compatible';
import {
  APICallError,
  embedMany,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
} from 'ai';
import { describe, expect, test } from 'vitest';
import { type ClientTarget, expectSame, SCHEMA } from './client-target.ts';

export function runAiSdkSuite(target: () => ClientTarget): void {
  const provider: Provider = () =>
    createOpenAICompatible({
      name: 'filon',
      baseURL: `${target().url}/v1`,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
  const ask = (): Ask => ({
    model: provider()(target().model),
    prompt: 'Name a mining town, and when it was founded.',
    temperature: 0,
    maxOutputTokens: 24,
    maxRetries: 0,
  });
  describe('the AI SDK', () => {
    describeTexts(ask, target);
    describeTheRest({ ask, provider }, target);
    describeErrors({ ask, provider });
  });
}

type Provider = () => OpenAICompatibleProvider;
interface Ask {
  model: LanguageModel;
  prompt: string;
  temperature: number;
  maxOutputTokens: number;
  maxRetries: number;
}

function describeTexts(ask: () => Ask, target: () => ClientTarget): void {
  test('generates and counts', async () => {
    const { text, usage, finishReason } = await generateText({ ...ask(), system: 'Be brief.' });
    expect(text).toMatch(/\S/);
    expect(['stop', 'length']).toContain(finishReason);
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.outputTokens).toBeLessThanOrEqual(24);
  });

  test('streams what it would have generated', async () => {
    const whole = await generateText(ask());
    const stream = streamText(ask());
    const parts = await Array.fromAsync(stream.textStream);
    expect(parts.length).toBeGreaterThan(1);
    expectSame(target(), parts.join(''), whole.text);
    expect((await stream.usage).outputTokens).toBeGreaterThan(0);
  });

  test('answers in JSON by a schema', async () => {
    const { output } = await generateText({
      ...ask(),
      maxOutputTokens: 120,
      output: Output.object({ schema: jsonSchema<{ city: string; year: number }>(SCHEMA) }),
    });
    expect(output).toEqual({ city: expect.any(String), year: expect.any(Number) });
  });

  test('talks for twenty turns', async () => {
    const messages: ModelMessage[] = [];
    let read = 0;
    for (let turn = 1; turn <= 20; turn++) {
      messages.push({ role: 'user', content: `Say something about the number ${turn}.` });
      const { prompt: _, ...rest } = ask();
      const { usage, responseMessages } = await generateText({ ...rest, messages, maxOutputTokens: 12 });
      expect(usage.inputTokens ?? 0).toBeGreaterThan(read);
      read = usage.inputTokens ?? 0;
      messages.push(...responseMessages);
    }
  });
}

function describeTheRest(
  { ask, provider }: { ask: () => Ask; provider: Provider },
  target: () => ClientTarget,
): void {
  test('computes no further token when the caller leaves', async () => {
    const { generatedTokens } = target();
    const leaving = new AbortController();
    const stream = streamText({
      ...ask(),
      temperature: 1,
      maxOutputTokens: 400,
      abortSignal: leaving.signal,
    });
    let seen = 0;
    for await (const part of stream.fullStream) {
      if (part.type === 'text-delta' && ++seen === 3) leaving.abort();
    }
    await generateText({ ...ask(), maxOutputTokens: 1 });
    const after = await generatedTokens();
    await generateText({ ...ask(), maxOutputTokens: 1 });
    expect(await generatedTokens()).toBeLessThanOrEqual(after + 2);
  });

  test('embeds', async () => {
    const model = provider().embeddingModel(target().model);
    const { embeddings, usage } = await embedMany({ model, values: ['ore', 'a vein of silver'] });
    expect(embeddings).toHaveLength(2);
    for (const vector of embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    expect(usage.tokens).toBeGreaterThan(0);
  });
}

function describeErrors({ ask, provider }: { ask: () => Ask; provider: Provider }): void {
  const wrong: [string, () => Partial<Ask>, number][] = [
    ['an unknown model', () => ({ model: provider()('nobody') }), 404],
    ['a temperature of -1', () => ({ temperature: -1 }), 400],
    ['a prompt over the context', () => ({ prompt: 'ore '.repeat(60_000) }), 400],
  ];
  test.each(wrong)('tells of %s', async (_, change, statusCode) => {
    const failure = await generateText({ ...ask(), ...change() }).catch((error: unknown) => error);
    expect(APICallError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ statusCode, isRetryable: false, message: expect.stringMatching(/./) });
  });
}
