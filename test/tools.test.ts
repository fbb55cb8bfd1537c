/**
 * Tools with a real model. The starter model is far too small to choose tools by itself: that a call is enforced, that its
 * arguments satisfy the schema and that the conversation goes on with its result is what it can show.
 */
import type { ChatMessage, ChatPrompt, Tool } from '@filon/core/serving/completion';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, chatRequest } from './kit/scripted-serving.ts';
import { starterModel } from './kit/starter-model.ts';
import { openStarterServing, type StarterServing } from './kit/starter-serving.ts';

const START_MS = 120_000;
const tools: Tool[] = [
  {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', maxLength: 20 },
        unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
        days: { type: 'integer', minimum: 1, maximum: 7 },
      },
      required: ['city', 'unit', 'days'],
      additionalProperties: false,
    },
  },
  { name: 'get_time', description: 'The time now', parameters: { type: 'object', properties: {} } },
];

let starter: StarterServing;
let model: string;
beforeAll(async () => {
  starter = await openStarterServing({});
  model = (await starterModel()).name;
}, START_MS);
afterAll(() => starter[Symbol.asyncDispose]());

async function ask(more: Partial<ChatPrompt>, messages: ChatMessage[]) {
  const prompt: ChatPrompt = { kind: 'chat', messages, tools, ...more };
  const chunks = await answerOf(starter, { ...chatRequest('', { model, maxTokens: 200 }), prompt });
  const calls: { id: string; name: string; arguments: string }[] = [];
  let text = '';
  for (const chunk of chunks) {
    if (chunk.kind === 'tool-call') calls.push({ id: chunk.id, name: chunk.name, arguments: '' });
    const last = calls.at(-1);
    if (chunk.kind === 'tool-arguments' && last) last.arguments += chunk.text;
    if (chunk.kind === 'delta') text += chunk.text;
  }
  return { calls, text, end: chunks.find(({ kind }) => kind === 'end') };
}

const question: ChatMessage = { role: 'user', content: 'What is the weather in Lima?' };

test('a required call is one, with arguments that satisfy the schema', { timeout: START_MS }, async () => {
  const { calls, text, end } = await ask({ toolChoice: { kind: 'required' }, parallelToolCalls: false }, [
    question,
  ]);
  expect(text).toBe('');
  expect(end).toMatchObject({ reason: 'tool-calls' });
  expect(calls).toHaveLength(1);
  const given = JSON.parse(calls[0]?.arguments ?? '') as Record<string, unknown>;
  if (calls[0]?.name === 'get_time') expect(given).toEqual({});
  else {
    expect(Object.keys(given)).toEqual(['city', 'unit', 'days']);
    expect(['celsius', 'fahrenheit']).toContain(given['unit']);
    expect(given['days']).toSatisfy((days: number) => Number.isInteger(days) && days >= 1 && days <= 7);
  }
});

test('a named tool is the one called, and its result goes into the conversation', {
  timeout: START_MS,
}, async () => {
  const named = { kind: 'named', name: 'get_weather' } as const;
  const { calls } = await ask({ toolChoice: named, parallelToolCalls: false }, [question]);
  expect(calls.map(({ name }) => name)).toEqual(['get_weather']);
  const answered = await ask({ toolChoice: { kind: 'none' } }, [
    question,
    { role: 'assistant', content: '', toolCalls: calls },
    { role: 'tool', content: 'Sunny, 24 degrees.', toolCallId: calls[0]?.id ?? '' },
  ]);
  expect(answered.calls).toEqual([]);
  expect(answered.text.length).toBeGreaterThan(0);
});
