import type { Chunk, ServedBy, TokenLogprob } from '@filon/core/serving/completion';
import fc from 'fast-check';
import type OpenAI from 'openai';
import { ResponseStream } from 'openai/lib/responses/ResponseStream';
import { describe, expect, test } from 'vitest';
import { type Outcome, ResponseFold, responseOf } from './fold.ts';
import { outputMessages } from './input.ts';
import type { ItemStatus, OutputItem, ResponseEcho, ResponseEvent, ResponseObject } from './shapes.ts';

const HEAD = { id: 'resp_5f', model: 'm', createdMs: 1_700_000_000_900 };
const ECHO: ResponseEcho = {
  background: false,
  instructions: 'Be brief.',
  max_output_tokens: null,
  metadata: { a: 'b' },
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  store: true,
  temperature: 0.8,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: 'disabled',
};
const DONE: Outcome = { kind: 'done', endedMs: 1_700_000_005_000 };

function eventsOf(chunks: readonly Chunk[], outcome: Outcome = DONE): ResponseEvent[] {
  const fold = new ResponseFold(HEAD, ECHO);
  return [...fold.begin(), ...chunks.flatMap((chunk) => fold.take(chunk)), ...fold.end(outcome)];
}

function finalOf(events: readonly ResponseEvent[]): ResponseObject {
  const last = events.at(-1);
  if (last === undefined || !('response' in last)) expect.fail('the last event has no response');
  return last.response;
}

const usage: Chunk = {
  kind: 'usage',
  usage: { promptTokens: 9, cachedTokens: 4, completionTokens: 7, reasoningTokens: 2 },
};
const end = (reason: 'stop' | 'length' | 'tool-calls'): Chunk => ({ kind: 'end', choice: 0, reason });
const delta = (text: string, logprobs: TokenLogprob[] = []): Chunk => ({
  ...{ kind: 'delta', choice: 0, text, logprobs },
});
const thought = (text: string): Chunk => ({ kind: 'reasoning', choice: 0, text });

const piece = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 });
const drawn = piece.map((text): TokenLogprob => {
  const bytes = new TextEncoder().encode(text);
  return { token: 1, bytes, logprob: -0.5, top: [{ token: 1, bytes, logprob: -0.5 }] };
});
const segment = fc.oneof(
  fc.record({
    kind: fc.constant('thought' as const),
    texts: fc.array(piece, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    parts: fc.array(fc.tuple(piece, fc.array(drawn, { maxLength: 2 })), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant('call' as const), name: piece, texts: fc.array(piece, { maxLength: 4 }) }),
);
/** What serving may send: calls come one after the other, the end and the usage last. */
const answers = fc
  .tuple(
    fc.array(segment, { maxLength: 6 }),
    fc.constantFrom('stop' as const, 'length' as const, 'tool-calls' as const),
  )
  .map(([segments, reason]): Chunk[] => {
    let calls = 0;
    const chunks = segments.flatMap((part): Chunk[] => {
      if (part.kind === 'thought') return part.texts.map(thought);
      if (part.kind === 'text') return part.parts.map(([text, logprobs]) => delta(text, logprobs));
      const index = calls++;
      const begun: Chunk = { kind: 'tool-call', choice: 0, index, id: `call_${index}`, name: part.name };
      return [
        begun,
        ...part.texts.map((text): Chunk => ({ kind: 'tool-arguments', choice: 0, index, text })),
      ];
    });
    return [...chunks, end(reason), usage];
  });

/** What the official client makes of the events, all by itself. */
async function clientsView(events: readonly ResponseEvent[]): Promise<OpenAI.Responses.Response> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const stream = new Blob([lines]).stream();
  return await ResponseStream.fromReadableStream(stream).finalResponse();
}

/** Deltas put together, by item. */
function grown(events: readonly ResponseEvent[]): string[] {
  const texts: string[] = [];
  for (const event of events) {
    if (event.type === 'response.output_item.added') texts.push('');
    else if ('delta' in event) texts[event.output_index] += event.delta;
  }
  return texts;
}

function textOf(item: OutputItem): string {
  return item.type === 'function_call' ? item.arguments : item.content.map((part) => part.text).join('');
}

describe('a response', () => {
  test('tells which nodes it came from when it is whole, and nothing where it was this one alone', () => {
    const servedBy: readonly ServedBy[] = [
      {
        ...{ node: 'a'.repeat(43), operator: null, tier: 'trusted', numericClass: null },
        price: { promptPico: 5, answerPico: 7 },
      },
      { node: null, operator: null, tier: 'own', numericClass: 'cpu-1', upstream: true },
    ];
    const events = eventsOf([delta('ore'), end('stop'), { ...usage, servedBy }]);
    const told = events.flatMap((event) => ('response' in event ? [event.response.filon] : []));
    expect(told).toEqual([
      undefined,
      undefined,
      {
        served_by: [
          {
            ...{ node: 'a'.repeat(43), operator: null, tier: 'trusted', numeric_class: null },
            price: { prompt_pico: 5, answer_pico: 7 },
          },
          { node: null, operator: null, tier: 'own', numeric_class: 'cpu-1', upstream: true },
        ],
      },
    ]);
    expect(finalOf(eventsOf([delta('ore'), end('stop'), usage]))).not.toHaveProperty('filon');
  });
});

describe('events of a response', () => {
  test('are numbered without a gap, and their deltas are the answer', () => {
    fc.assert(
      fc.property(answers, (chunks) => {
        const events = eventsOf(chunks);
        expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
        const final = finalOf(events);
        expect(grown(events)).toEqual(final.output.map(textOf));
        const done = events.flatMap((event) =>
          event.type === 'response.output_item.done' ? [event.item] : [],
        );
        expect(final.output).toEqual(done);
        expect(final).toEqual(responseOf(HEAD, ECHO, { chunks, outcome: DONE }));
        expect(new Set(final.output.map(({ id }) => id)).size).toBe(final.output.length);
      }),
    );
  });

  test('mean to the official client what they mean to us', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (chunks) => {
        const events = eventsOf(chunks);
        expect(await clientsView(events)).toMatchObject(JSON.parse(JSON.stringify(finalOf(events))));
      }),
      { numRuns: 60 },
    );
  });

  test('are the same wherever they were cut, and wherever the answer paused', () => {
    fc.assert(
      fc.property(answers, fc.nat(), fc.nat(), (chunks, cut, at) => {
        const pauses = chunks.toSpliced(at % (chunks.length + 1), 0, { kind: 'pause', choice: 0 });
        expect(eventsOf(pauses)).toEqual(eventsOf(chunks));
        const fold = new ResponseFold(HEAD, ECHO);
        const some = chunks.slice(0, cut % (chunks.length + 1));
        const begun = [...fold.begin(), ...some.flatMap((chunk) => fold.take(chunk))];
        expect(fold.sequence).toBe(begun.length - 1);
        expect(eventsOf(chunks).slice(0, begun.length)).toEqual(begun);
      }),
    );
  });

  test('of an answer that was cut off close what was open', () => {
    fc.assert(
      fc.property(answers, fc.nat(), fc.boolean(), (chunks, cut, failed) => {
        const some = chunks.slice(0, cut % Math.max(1, chunks.length - 1));
        const outcome: Outcome = failed
          ? { kind: 'failed', failure: { code: 'server_error', message: 'no' } }
          : { kind: 'cancelled' };
        const events = eventsOf(some, outcome);
        const final = finalOf(events);
        expect(grown(events)).toEqual(final.output.map(textOf));
        expect(events.at(-1)?.type).toBe(failed ? 'response.failed' : 'response.incomplete');
        expect(final).toMatchObject({ status: outcome.kind, completed_at: null, incomplete_details: null });
        expect(final.output.slice(0, -1).every(({ status }) => status === 'completed')).toBe(true);
      }),
    );
  });

  test('come in the order of the real API', () => {
    const call: Chunk[] = [
      { kind: 'tool-call', choice: 0, index: 0, id: 'call_1', name: 'dig' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '{}' },
    ];
    const events = eventsOf([thought('hm'), delta('Well'), ...call, end('tool-calls'), usage]);
    const part = ['content_part.added', 'DELTA', 'DONE', 'content_part.done'];
    const item = (...inner: string[]): string[] => ['output_item.added', ...inner, 'output_item.done'];
    const named = (kind: string): string[] =>
      item(...part.map((name) => name.replace('DELTA', `${kind}.delta`).replace('DONE', `${kind}.done`)));
    expect(events.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      ...named('reasoning_text'),
      ...named('output_text'),
      ...item('function_call_arguments.delta', 'function_call_arguments.done'),
      'completed',
    ]);
  });
});

describe('a response', () => {
  test('whose answer ran out of room is incomplete', () => {
    const events = eventsOf([delta('half'), end('length'), usage]);
    expect(events.at(-1)?.type).toBe('response.incomplete');
    expect(finalOf(events)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' satisfies ItemStatus }],
    });
  });

  test('without a word is a message without text', () => {
    const final = finalOf(eventsOf([end('stop'), usage]));
    expect(final.output).toMatchObject([{ type: 'message', content: [{ type: 'output_text', text: '' }] }]);
    expect(outputMessages(final.output)).toEqual([{ role: 'assistant', content: '' }]);
  });

  test('is what the official types say', () => {
    const final = finalOf(eventsOf([thought('a'), delta('b'), end('stop'), usage]));
    // Added by the client itself, or for its makers' own programmes.
    const typed: Omit<OpenAI.Responses.Response, 'output_text' | 'access_programs' | 'usage'> = final;
    const counted: OpenAI.Responses.ResponseUsage | null = final.usage;
    expect(typed).toMatchObject({
      object: 'response',
      created_at: 1_700_000_000,
      completed_at: 1_700_000_005,
    });
    expect(counted).toEqual({
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 5 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 16,
    });
  });
});
