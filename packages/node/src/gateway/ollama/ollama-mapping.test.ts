/** The mapping both ways, over answers and names that nobody thought of. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryAnswer, arbitraryTurn, played } from '../../../../../test/kit/arbitrary-answers.ts';
import { collect } from '../answer/collect.ts';
import { OllamaLines, wholeLine } from './answer.ts';
import { messagesOf } from './messages.ts';
import { ourName } from './model-names.ts';
import { optionsOf } from './options.ts';

const durations = { totalMs: 4, loadMs: 1, promptMs: 1, answerMs: 2 };
const caller = { onFirstToken: () => undefined };

test.each(['chat', 'generate'] as const)('a stream of %s adds up to the whole answer', async (shape) => {
  await fc.assert(
    fc.asyncProperty(arbitraryAnswer, async (chunks) => {
      const mapped = new OllamaLines(shape);
      const lines = chunks.flatMap((chunk) =>
        chunk.kind === 'usage' ? [mapped.last(chunk.usage, durations)] : mapped.of(chunk),
      );
      const whole = wholeLine(shape, await collect(played(chunks), 1, caller), durations);
      const text = lines.map(({ message, response }) => message?.content ?? response ?? '').join('');
      const thinking = lines.map((line) => line.message?.thinking ?? line.thinking ?? '').join('');
      expect(text).toBe(whole.message?.content ?? whole.response);
      expect(thinking).toBe(whole.message?.thinking ?? whole.thinking ?? '');
      const calls = lines.flatMap(({ message }) => message?.tool_calls ?? []);
      expect(calls).toEqual(whole.message?.tool_calls ?? []);
      expect(lines.map(({ done }) => done)).toEqual([...Array(lines.length - 1).fill(false), true]);
      const { message: _, response: __, thinking: ___, ...end } = whole;
      expect(lines.at(-1)).toMatchObject(end);
    }),
    { numRuns: 500 },
  );
});

test('an answer that is sent back is the turn that it was', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryTurn, async (chunks) => {
      const answer = await collect(played(chunks), 1, caller);
      const [choice] = answer.choices;
      const { message } = wholeLine('chat', answer, durations);
      const [turn] = messagesOf([message]);
      expect(turn?.content).toBe(choice?.text);
      expect(turn?.reasoning ?? '').toBe(choice?.reasoning);
      const read = (call: { arguments: string }): object => ({
        ...call,
        arguments: JSON.parse(call.arguments),
      });
      expect((turn?.toolCalls ?? []).map(read)).toEqual(choice?.toolCalls.map(read));
    }),
    { numRuns: 500 },
  );
});

describe('names', () => {
  const stored = ['smollm2-135m', 'qwen3-8b:q4_k_m', 'qwen3-8b:q8_0', 'one:latest'].map((name) => ({ name }));
  test.each([
    ['smollm2-135m', 'smollm2-135m'],
    ['smollm2-135m:latest', 'smollm2-135m'],
    ['smollm2:135m', 'smollm2-135m'],
    ['qwen3-8b:q8_0', 'qwen3-8b:q8_0'],
    ['qwen3-8b', 'qwen3-8b:q4_k_m'],
    ['qwen3-8b:latest', 'qwen3-8b:q4_k_m'],
    ['qwen3:8b', 'qwen3-8b:q4_k_m'],
    ['one', 'one:latest'],
    ['smollm2', 'smollm2'],
    ['nobody:latest', 'nobody:latest'],
  ])('%s is %s', (asked, ours) => expect(ourName(asked, stored)).toBe(ours));

  test('are one of ours or what was asked', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (asked, names) => {
        const found = ourName(
          asked,
          names.map((name) => ({ name })),
        );
        expect([...names, asked]).toContain(found);
        if (names.includes(asked)) expect(found).toBe(asked);
      }),
    );
  });
});

describe('options', () => {
  test('mean what Ollama means by them', () => {
    const { maxTokens, sampling, stop, unknownFields } = optionsOf({
      ...{ num_predict: 7, temperature: 0, top_k: 3, top_p: 0, min_p: 0.2, seed: 9, stop: 'end', num_ctx: 1 },
      ...{ repeat_penalty: 1.2, repeat_last_n: -1, presence_penalty: 1, frequency_penalty: -1, odd: 1 },
    });
    expect({ maxTokens, stop, unknownFields }).toEqual({ maxTokens: 7, stop: ['end'], unknownFields: 1 });
    expect(sampling).toMatchObject({
      ...{ temperature: 0, topK: 3, topP: 1e-6, minP: 0.2, seed: 9n },
      ...{ repetitionPenalty: 1.2, repetitionWindowTokens: 65_536, presencePenalty: 1, frequencyPenalty: -1 },
    });
  });

  test.each([-2, -1, 0])('num_predict %i sets no maximum', (num_predict) => {
    expect(optionsOf({ num_predict }).maxTokens).toBeNull();
  });

  test('no window means no penalty, and a negative seed any', () => {
    const { sampling } = optionsOf({ repeat_penalty: 1.5, repeat_last_n: 0, seed: -1 });
    expect(sampling).toMatchObject({ repetitionPenalty: 1, seed: null });
  });
});
