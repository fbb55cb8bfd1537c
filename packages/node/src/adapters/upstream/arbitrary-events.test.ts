/** Whatever events come: well-formed chunks, or an error with a code. */
import { isFilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { AnswerChunks } from './answer-chunks.ts';
import { chatEvent, type Event, textEvent } from './events.ts';
import { parsed } from './read-body.ts';

const CHOICES = 2;
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', 'ore', '\ud83d', '\udc00', '__proto__'),
);
const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(null, -1, 2 ** 53, 1.5, '', [], {}));
const or = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: odd, weight: 1 });
const record = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> =>
  fc.record(fields, { requiredKeys: [] });

const call = record({
  index: or(fc.nat(3)),
  id: or(fc.constantFrom('a', 'b')),
  function: or(record({ name: or(fc.constantFrom('look', 'dig')), arguments: or(text) })),
});
const logprob = record({
  token: or(text),
  logprob: or(fc.double({ noNaN: true, max: 0 })),
  bytes: or(fc.array(fc.nat(255))),
});
const delta = record({
  content: or(text),
  reasoning_content: or(text),
  tool_calls: or(fc.array(call, { maxLength: 3 })),
});
const choice = record({
  index: or(fc.nat(CHOICES - 1)),
  delta: or(delta),
  text: or(text),
  finish_reason: or(fc.constantFrom(null, null, null, 'stop', 'length', 'tool_calls')),
  stop_reason: or(text),
  logprobs: or(
    record({
      content: or(fc.array(logprob)),
      tokens: or(fc.array(text)),
      token_logprobs: or(fc.array(fc.double({ noNaN: true }))),
      top_logprobs: or(fc.array(fc.dictionary(text, fc.double({ noNaN: true })))),
    }),
  ),
});
const event = record({
  choices: or(fc.array(choice, { maxLength: 3 })),
  usage: or(record({ prompt_tokens: or(fc.nat()), completion_tokens: or(fc.nat()) })),
  error: fc.constantFrom(undefined, null),
});

function answered(events: readonly unknown[], schema: z.ZodType<Event>): Chunk[] {
  const chunks: Chunk[] = [];
  const answer = new AnswerChunks({ host: 'h', choices: CHOICES, logprobs: true, stop: ['.'] });
  try {
    for (const one of events) {
      for (const piece of parsed('h', JSON.stringify(one), schema).pieces) chunks.push(...answer.push(piece));
    }
  } catch (error) {
    if (!isFilonError(error, 'UPSTREAM_BROKEN')) throw error;
    expect(error.message).toBe(error.message.toWellFormed());
  }
  return chunks;
}

function checkOrder(chunks: readonly Chunk[], choice: number): void {
  let calls = 0;
  let ended = false;
  for (const chunk of chunks) {
    if (!('choice' in chunk) || chunk.choice !== choice) continue;
    expect(ended).toBe(false);
    if (chunk.kind === 'end') ended = true;
    if (chunk.kind === 'tool-call') expect([chunk.index, chunk.name === '']).toEqual([calls++, false]);
    if (chunk.kind === 'tool-arguments') expect(chunk.index).toBe(calls - 1);
    if ('text' in chunk) expect(chunk.text.isWellFormed()).toBe(true);
  }
}

describe.each([
  ['chats', chatEvent],
  ['texts', textEvent],
] as const)('events of %s', (_, schema) => {
  test('become chunks in order, or an error', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 8 }), (events) => {
        const chunks = answered(events, schema);
        for (const chunk of chunks) {
          if ('choice' in chunk) expect([0, 1]).toContain(chunk.choice);
          if (chunk.kind === 'delta')
            for (const { bytes } of chunk.logprobs) expect(bytes).toBeInstanceOf(Uint8Array);
        }
        for (let choice = 0; choice < CHOICES; choice += 1) checkOrder(chunks, choice);
      }),
      { numRuns: 1000 },
    );
  });

  test('that are any JSON at all are no more than an error', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 4 }), (events) => void answered(events, schema)),
    );
  });
});
