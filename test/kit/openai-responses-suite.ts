/**
 * `/v1/responses` by the official client, unchanged: over the scripted engine in unit tests, over a real node with a real
 * model in system tests. It asserts what holds for any model.
 */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { OpenAiClientTarget } from './openai-client-suite.ts';

type Target = Pick<OpenAiClientTarget, 'baseURL' | 'model' | 'generatedTokens'>;
type Event = OpenAI.Responses.ResponseStreamEvent;
type Create = OpenAI.Responses.ResponseCreateParamsNonStreaming;
type Ask = (more?: Partial<Create>) => Create & { model: string };

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string', maxLength: 20 }, year: { type: 'integer', maximum: 9999 } },
  required: ['city', 'year'],
  additionalProperties: false,
};
const ENDINGS = ['response.completed', 'response.incomplete'];

export function runOpenAiResponsesSuite(target: () => Target): void {
  const client = (): OpenAI =>
    new OpenAI({ baseURL: target().baseURL, apiKey: 'none', maxRetries: 0, timeout: 120_000 });
  const ask: Ask = (more = {}) => ({
    model: target().model,
    input: 'Name a mining town, and when it was founded.',
    max_output_tokens: 24,
    temperature: 0,
    ...more,
  });

  describe("the openai client's responses", () => {
    describeAnswers(client, ask);
    describeKept(client, ask);
    describeBackground(client, ask, target);
    describeRefusals(client, ask);
  });
}

function describeAnswers(client: () => OpenAI, ask: Ask): void {
  test('are answered, and counted', async () => {
    const response = await client().responses.create(ask({ store: false, metadata: { a: 'b' } }));
    expect(response).toMatchObject({ object: 'response', metadata: { a: 'b' }, error: null, store: false });
    expect(['completed', 'incomplete']).toContain(response.status);
    expect(response.output_text).not.toBe('');
    const { usage } = response;
    expect(usage?.total_tokens).toBe((usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0));
    expect(usage?.output_tokens).toBeLessThanOrEqual(24);
  });

  test('come as events that make the same response', async () => {
    const stream = client().responses.stream({ ...ask(), stream: true });
    const events: Event[] = [];
    stream.on('event', (event) => void events.push(event));
    const { output_parsed: _, ...final } = await stream.finalResponse();
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, index) => index));
    expect(events[0]?.type).toBe('response.created');
    expect(ENDINGS).toContain(events.at(-1)?.type);
    expect(textOf(events)).toBe(final.output_text);
    expect(final).toMatchObject(await client().responses.retrieve(final.id));
  });

  test('follow a schema', async () => {
    const format = { type: 'json_schema', name: 'town', schema: SCHEMA, strict: true } as const;
    const response = await client().responses.create(ask({ text: { format }, max_output_tokens: 120 }));
    expect(JSON.parse(response.output_text)).toEqual({ city: expect.any(String), year: expect.any(Number) });
    expect(response.text?.format).toEqual(format);
  });

  test('tell log-probabilities when asked', async () => {
    const include = ['message.output_text.logprobs' as const];
    const response = await client().responses.create(ask({ include, top_logprobs: 2, store: false }));
    const [item] = response.output;
    const part = item?.type === 'message' ? item.content[0] : undefined;
    const logprobs = part?.type === 'output_text' ? (part.logprobs ?? []) : [];
    expect(logprobs.length).toBeGreaterThan(0);
    for (const { logprob, top_logprobs: top } of logprobs) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top).toHaveLength(2);
    }
    const bytes = Buffer.from(logprobs.flatMap((entry) => entry.bytes));
    expect(bytes.toString()).toBe(response.output_text);
  });

  test('are cut off with the connection, where nobody keeps them', async () => {
    const stream = await client().responses.create({ ...ask({ store: false }), stream: true });
    const begun: Event[] = [];
    for await (const event of stream) if (begun.push(event) === 4) break;
    const [created] = begun;
    const id = created?.type === 'response.created' ? created.response.id : '';
    await expect(client().responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });
}

function describeKept(client: () => OpenAI, ask: Ask): void {
  test('are read again, and gone on from without the instructions', async () => {
    const first = await client().responses.create(ask({ instructions: 'Be brief.', input: 'Ore?' }));
    expect(await client().responses.retrieve(first.id)).toEqual(first);
    const second = await client().responses.create(
      ask({ previous_response_id: first.id, input: 'And tin?' }),
    );
    expect(second).toMatchObject({ previous_response_id: first.id, instructions: null });
    const items = await Array.fromAsync(client().responses.inputItems.list(second.id, { order: 'asc' }));
    expect(items).toMatchObject([
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Ore?' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: first.output_text }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'And tin?' }] },
    ]);
    const newest = await Array.fromAsync(client().responses.inputItems.list(second.id, { limit: 1 }));
    expect(newest.map(({ id }) => id)).toEqual(items.map(({ id }) => id).reverse());
  });

  test('take a conversation as items, thoughts and calls among them', async () => {
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'input_text', text: 'How deep is it?' }] },
      { type: 'function_call', call_id: 'call_1', name: 'depth', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: '300 m' },
      { role: 'assistant', content: 'It is 300 m deep.' },
      { role: 'user', content: 'Thanks.' },
    ];
    const response = await client().responses.create(ask({ input, max_output_tokens: 4 }));
    const items = await Array.fromAsync(client().responses.inputItems.list(response.id, { order: 'asc' }));
    expect(items.map(({ type }) => type)).toEqual([
      ...['message', 'message', 'function_call', 'function_call_output', 'message', 'message'],
    ]);
  });

  test('are deleted for good', async () => {
    const { id } = await client().responses.create(ask({ max_output_tokens: 2 }));
    await client().responses.delete(id);
    const gone = { status: 404, code: 'ANSWER_UNKNOWN' };
    await expect(client().responses.retrieve(id)).rejects.toMatchObject(gone);
    await expect(client().responses.retrieve(id, { stream: true })).rejects.toMatchObject(gone);
    await expect(client().responses.delete(id)).rejects.toMatchObject(gone);
    await expect(client().responses.cancel(id)).rejects.toMatchObject(gone);
    await expect(Array.fromAsync(client().responses.inputItems.list(id))).rejects.toMatchObject(gone);
    await expect(client().responses.create(ask({ previous_response_id: id }))).rejects.toMatchObject({
      ...{ status: 400, code: 'previous_response_not_found', param: 'previous_response_id' },
    });
  });
}

function describeBackground(client: () => OpenAI, ask: Ask, target: () => Target): void {
  test('in the background go on without a connection, and are followed from any event', async () => {
    const begun = await client().responses.create({ ...ask({ background: true }), stream: true });
    const seen: Event[] = [];
    for await (const event of begun) if (seen.push(event) === 6) break;
    const [created] = seen;
    const id = created?.type === 'response.created' ? created.response.id : '';
    const after = { stream: true, starting_after: 5 } as const;
    const rest = await Array.fromAsync(await client().responses.retrieve(id, after));
    const events = [...seen, ...rest];
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    expect(ENDINGS).toContain(events.at(-1)?.type);
    const final = await client().responses.retrieve(id);
    expect(textOf(events)).toBe(final.output_text);
    expect(await Array.fromAsync(await client().responses.retrieve(id, { stream: true }))).toEqual(events);
  });

  test('in the background are stopped, and compute nothing more', async () => {
    const long = { ...ask({ background: true, max_output_tokens: 2_000 }), ignore_eos: true };
    const { id, status } = await client().responses.create(long);
    expect(status).toBe('in_progress');
    for await (const event of await client().responses.retrieve(id, { stream: true })) {
      if (event.type === 'response.output_text.delta') break;
    }
    const stopped = await client().responses.cancel(id);
    expect(stopped).toMatchObject({ status: 'cancelled', error: null });
    const computed = await target().generatedTokens();
    expect(await client().responses.cancel(id)).toEqual(stopped);
    const events = await Array.fromAsync(await client().responses.retrieve(id, { stream: true }));
    const last = events.at(-1);
    expect(last?.type === 'response.incomplete' && last.response.status).toBe('cancelled');
    expect(await target().generatedTokens()).toBe(computed);
  });
}

function describeRefusals(client: () => OpenAI, ask: Ask): void {
  const wrong: [string, object, { status: number; param: string | null; code?: string }][] = [
    ['an unknown model', { model: 'nobody' }, { status: 404, param: 'model', code: 'model_not_found' }],
    ['no input', { input: [] }, { status: 400, param: 'input' }],
    ['a tool of the maker', { tools: [{ type: 'web_search' }] }, { status: 400, param: 'tools[0].type' }],
    ['a conversation', { conversation: 'conv_1' }, { status: 400, param: 'conversation' }],
    ['an item of others', { input: [{ type: 'computer_call' }] }, { status: 400, param: 'input[0].type' }],
    [
      'a background that nobody keeps',
      { background: true, store: false },
      { status: 400, param: 'background' },
    ],
    [
      'an image',
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:,' }] }] },
      { status: 400, param: 'input[0].content[0].type' },
    ],
    [
      'a prompt over the context',
      { input: 'ore '.repeat(60_000) },
      { status: 400, param: 'input', code: 'context_length_exceeded' },
    ],
    [
      'a schema it cannot honour',
      { text: { format: { type: 'json_schema', name: 'n', schema: { not: {} } } } },
      { status: 400, param: 'text.format' },
    ],
  ];
  test.each(wrong)('tell of %s', async (_, change, expected) => {
    for (const stream of [false, true]) {
      const failure = await client()
        .responses.create({ ...ask(), ...change, stream } as never)
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(failure).toBeInstanceOf(OpenAI.APIError);
      expect(failure).toMatchObject(expected);
    }
  });
}

function textOf(events: readonly Event[]): string {
  return events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
}
