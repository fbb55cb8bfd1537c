import { FilonError } from '@filon/core/errors';
import type { Chunk } from '@filon/core/serving/completion';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../../adapters/local/clock.ts';
import { EventStream } from '../../http/event-stream.ts';
import type { Caller } from '../../http/intake.ts';
import { streamResponse, wholeResponse } from './answer.ts';
import { responseDraft } from './request.ts';
import { directSource, type ResponseSource } from './source.ts';
import { ResponseWords } from './words.ts';

const { echo, request } = responseDraft({ model: 'm', input: 'Ore?' }).finish([], false);
const text = (piece: string): Chunk => ({ kind: 'delta', choice: 0, text: piece, logprobs: [] });
const pause: Chunk = { kind: 'pause', choice: 0 };
const END: Chunk = { kind: 'end', choice: 0, reason: 'stop' };

const clock = createSystemClock();
const caller = (signal: AbortSignal = new AbortController().signal): Caller => ({
  ...{ signal, onFirstToken: () => undefined, onUnknownFields: () => undefined },
});

async function* played(chunks: readonly Chunk[], failure?: unknown): AsyncGenerator<Chunk> {
  yield* chunks;
  if (failure !== undefined) throw failure;
}

async function sourceOf(chunks: readonly Chunk[], failure?: unknown): Promise<ResponseSource> {
  const usage = { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 };
  const answer = { id: 'a', model: 'm', createdMs: 0, servedBy: [], usage, chunks: played(chunks, failure) };
  const serving = { complete: async () => answer };
  return await directSource(request, { serving, clock, id: 'resp_5f' }, caller());
}

interface Played {
  text: string;
  types: string[];
  failure: unknown;
  words: ResponseWords;
}

async function streamed(
  source: ResponseSource,
  { after = -1, pauses = false, signal }: { after?: number; pauses?: boolean; signal?: AbortSignal } = {},
): Promise<Played> {
  const events = new EventStream(clock, () => undefined);
  const words = new ResponseWords();
  const body = new Response(events.body).text();
  const failure = await streamResponse(source, echo, {
    events,
    caller: caller(signal),
    words,
    after,
    pauses,
  }).then(
    () => null,
    (error: unknown) => error,
  );
  events.end();
  const all = await body;
  return {
    text: all,
    types: [...all.matchAll(/^event: (.*)$/gm)].map(([, type]) => type ?? ''),
    failure,
    words,
  };
}

const lost = new FilonError({ code: 'SERVE_QUARANTINED', model: 'm' }, 'three workers died of it');

describe('a stream of events', () => {
  test('names each event, and tells pauses to everybody in a comment', async () => {
    const { text: all, types } = await streamed(await sourceOf([text('a'), pause, text('b'), END]));
    expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress']);
    expect(types.at(-1)).toBe('response.completed');
    expect(types).not.toContain('response.filon.pause');
    expect(all.match(/^: pause$/gm)).toHaveLength(1);
  });

  test('tells pauses as events to those who ask, without a number of their own', async () => {
    const source = await sourceOf([text('a'), pause, text('b'), END]);
    const { text: all, types } = await streamed(source, { pauses: true });
    expect(types.filter((type) => type === 'response.filon.pause')).toHaveLength(1);
    const numbers = [...all.matchAll(/"sequence_number":(\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual([0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]);
  });

  test('begins after the last event that the client has', async () => {
    const whole = await streamed(await sourceOf([text('a'), pause, text('b'), END]));
    const rest = await streamed(await sourceOf([text('a'), pause, text('b'), END]), { after: 4 });
    expect(rest.types).toEqual(whole.types.slice(5));
    const late = await streamed(await sourceOf([text('a'), pause, text('b'), END]), { after: 5 });
    expect(late.text).not.toContain(': pause');
    expect((await streamed(await sourceOf([END]), { after: 99 })).text).toBe('');
  });

  test('ends with the response that failed, told once', async () => {
    const { text: all, types, failure, words } = await streamed(await sourceOf([text('half')], lost));
    expect(types.at(-1)).toBe('response.failed');
    expect(all).toContain('"error":{"code":"invalid_prompt","message":"three workers died of it"}');
    expect(failure).toBe(lost);
    expect(words.event(failure)).toBe('');
  });

  test('hides what a bug says', async () => {
    const { text: all } = await streamed(await sourceOf([], new TypeError('my secret prompt')));
    expect(all).toContain('"code":"server_error"');
    expect(all).not.toContain('secret');
  });

  test('of a client that left says nothing more', async () => {
    const gone = new FilonError({ code: 'GATEWAY_CLIENT_GONE' }, 'the client is gone');
    const { types, failure } = await streamed(await sourceOf([text('half')], lost), {
      signal: AbortSignal.abort(gone),
    });
    expect(types.at(-1)).toBe('response.output_text.delta');
    expect(failure).toBe(gone);
  });

  test('says errors before and beside an answer as events without a number of their own', async () => {
    const words = new ResponseWords();
    words.sequence = 7;
    const busy = new FilonError({ code: 'SERVE_STOPPING' }, 'this node is stopping');
    expect(words.event(busy)).toBe(
      'event: error\ndata: {"type":"error","code":"SERVE_STOPPING","message":"this node is stopping","param":null,"sequence_number":7}\n\n',
    );
  });
});

describe('a whole response', () => {
  test('of an answer that failed is the error', async () => {
    await expect(wholeResponse(await sourceOf([text('half')], lost), echo, caller())).rejects.toBe(lost);
  });

  test('of an answer that was stopped says so', async () => {
    const source = await sourceOf([text('half')], lost);
    const stopped = { ...source, failed: async () => ({ kind: 'cancelled' }) as const };
    expect(await wholeResponse(stopped, echo, caller())).toMatchObject({
      status: 'cancelled',
      output: [{ status: 'incomplete', content: [{ text: 'half' }] }],
    });
  });
});
