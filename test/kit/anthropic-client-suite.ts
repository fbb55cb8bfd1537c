/**
 * Anthropic's official client, unchanged, against a gateway: over the scripted engine in unit tests, over a real node
 * with a real model in system tests. It asserts what holds for any model.
 */
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, test } from 'vitest';
import { type ClientTarget, expectSame, SCHEMA } from './client-target.ts';

export function runAnthropicClientSuite(target: () => ClientTarget): void {
  const client = (): Anthropic =>
    new Anthropic({ baseURL: target().url, apiKey: 'none', maxRetries: 0, timeout: 120_000 });
  const ask: Ask = (more = {}) => ({
    model: target().model,
    max_tokens: 24,
    temperature: 0,
    messages: [{ role: 'user', content: 'Name a mining town, and when it was founded.' }],
    ...more,
  });
  describe("anthropic's client", () => {
    describeMessages({ client, ask }, target);
    describeStreams({ client, ask }, target);
    describeLongTalk({ client, ask }, target);
    describeErrors(client, ask);
  });
}

type Client = () => Anthropic;
/** This version of the client no longer names these fields, and sends them all the same. */
type Params = Anthropic.MessageCreateParamsNonStreaming & {
  temperature?: number;
  top_k?: number;
  top_p?: number;
};
type Ask = (more?: Partial<Params>) => Params;

function textOf(message: Anthropic.Message): string {
  return message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

function describeMessages({ client, ask }: { client: Client; ask: Ask }, target: () => ClientTarget): void {
  test('lists models and finds one', async () => {
    const models = await Array.fromAsync(client().models.list());
    expect(models[0]).toMatchObject({ type: 'model', display_name: expect.any(String) });
    const id = models[0]?.id ?? '';
    expect(await client().models.retrieve(id)).toMatchObject({ id });
  });

  test('answers, counts, and names its request', async () => {
    const { data, request_id } = await client().messages.create(ask()).withResponse();
    expect(data).toMatchObject({ type: 'message', role: 'assistant', stop_sequence: null });
    expect(data.content[0]?.type).toBe('text');
    expect(['end_turn', 'max_tokens']).toContain(data.stop_reason);
    expect(data.usage.output_tokens).toBeLessThanOrEqual(24);
    expect(request_id).toBeTruthy();
    const again = await client().messages.create(ask());
    expect(again.usage.cache_read_input_tokens).toBeGreaterThan(0);
  });

  test('counts the tokens of a prompt as the answer does', async () => {
    const { max_tokens: _, temperature: __, ...prompt } = ask({ system: 'Be brief.' });
    const { input_tokens: counted } = await client().messages.countTokens(prompt);
    const { usage } = await client().messages.create(ask({ system: 'Be brief.', max_tokens: 1 }));
    expect(counted).toBe(usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
    expect(usage.output_tokens).toBe(1);
  });

  test('takes blocks everywhere', async () => {
    const message = await client().messages.create(
      ask({
        system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
          { role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'One' },
              { type: 'text', text: 'word.' },
            ],
          },
        ],
        metadata: { user_id: 'somebody' },
        top_k: 5,
        top_p: 0.9,
        max_tokens: 3,
      }),
    );
    expect(message.usage.output_tokens).toBeLessThanOrEqual(3);
  });

  test('answers in JSON by a schema', async () => {
    const message = await client().messages.create(
      ask({ max_tokens: 120, output_config: { format: { type: 'json_schema', schema: SCHEMA } } }),
    );
    expect(JSON.parse(textOf(message))).toEqual({ city: expect.any(String), year: expect.any(Number) });
  });

  test('says which stop sequence ended an answer', async () => {
    const whole = textOf(await client().messages.create(ask()));
    const stop = whole.slice(Math.floor(whole.length / 2)).slice(0, 4);
    const stopped = await client().messages.create(ask({ stop_sequences: [stop, '\u0000never'] }));
    expect(textOf(stopped)).not.toContain(stop);
    const { stop_reason, stop_sequence } = stopped;
    expectSame(
      target(),
      { stop_reason, stop_sequence },
      { stop_reason: 'stop_sequence', stop_sequence: stop },
    );
    expectSame(target(), `${textOf(stopped)}.`, `${whole.slice(0, whole.indexOf(stop))}.`);
  });
}

function describeStreams({ client, ask }: { client: Client; ask: Ask }, target: () => ClientTarget): void {
  test('streams what it would have answered', async () => {
    const whole = await client().messages.create(ask());
    const streamed = await client().messages.stream(ask()).finalMessage();
    expectSame(target(), streamed.content, whole.content);
    expectSame(target(), streamed.stop_reason, whole.stop_reason);
    expectSame(target(), streamed.usage.output_tokens, whole.usage.output_tokens);
  });

  test('streams events in their order', async () => {
    const stream = await client().messages.create({ ...ask(), stream: true });
    const types = (await Array.fromAsync(stream)).map(({ type }) => type);
    const deltas = types.filter((type) => type === 'content_block_delta').length;
    expect(deltas).toBeGreaterThan(1);
    expect(types).toEqual([
      ...['message_start', 'content_block_start', ...Array(deltas).fill('content_block_delta')],
      ...['content_block_stop', 'message_delta', 'message_stop'],
    ]);
  });

  test('computes no further token when the client leaves', async () => {
    const { generatedTokens } = target();
    const stream = client().messages.stream(ask({ max_tokens: 400, temperature: 1 }));
    let seen = 0;
    for await (const event of stream) {
      if (event.type === 'content_block_delta' && ++seen === 3) break;
    }
    await client().messages.create(ask({ max_tokens: 1 }));
    const after = await generatedTokens();
    await client().messages.create(ask({ max_tokens: 1 }));
    expect(await generatedTokens()).toBeLessThanOrEqual(after + 2);
  });
}

function describeLongTalk({ client, ask }: { client: Client; ask: Ask }, target: () => ClientTarget): void {
  test('talks for twenty turns, and reads only what is new', async () => {
    const messages: Anthropic.MessageParam[] = [];
    let read = 0;
    for (let turn = 1; turn <= 20; turn++) {
      messages.push({ role: 'user', content: `Say something about the number ${turn}.` });
      const { content, usage } = await client().messages.create(ask({ messages, max_tokens: 12 }));
      const whole = usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
      expect(whole).toBeGreaterThan(read);
      read = whole;
      if (turn > 1) expect(usage.cache_read_input_tokens).toBeGreaterThan(0);
      if (turn > 1) expect(usage.input_tokens).toBeLessThan(target().turnTokensMax);
      messages.push({ role: 'assistant', content });
    }
  });
}

function describeErrors(client: Client, ask: Ask): void {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } };
  const wrong: [string, object, { status: number; type: string }][] = [
    ['an unknown model', { model: 'nobody' }, { status: 404, type: 'not_found_error' }],
    ['no messages', { messages: [] }, { status: 400, type: 'invalid_request_error' }],
    ['no maximum', { max_tokens: undefined }, { status: 400, type: 'invalid_request_error' }],
    [
      'an image',
      { messages: [{ role: 'user', content: [image] }] },
      { status: 400, type: 'invalid_request_error' },
    ],
    [
      'an answer begun by the client',
      {
        messages: [
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hel' },
        ],
      },
      { status: 400, type: 'invalid_request_error' },
    ],
    [
      "a tool of the vendor's own",
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      { status: 400, type: 'invalid_request_error' },
    ],
  ];
  test.each(wrong)('tells of %s', async (_, change, expected) => {
    for (const stream of [false, true]) {
      const failure = await client()
        .messages.create({ ...ask(), ...change, stream } as never)
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(Anthropic.APIError);
      expect(failure).toMatchObject(expected);
    }
  });

  test('tells of a prompt over the context in the words that clients look for', async () => {
    const messages = [{ role: 'user', content: 'ore '.repeat(60_000) }] as const;
    const failure = await client()
      .messages.create(ask({ messages: [...messages] }))
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      status: 400,
      error: { error: { message: expect.stringMatching(/^prompt is too long/) } },
    });
  });

  test('ignores fields it does not know', async () => {
    const odd = { ...ask({ max_tokens: 1 }), definitely_unknown: { deep: [1] } };
    expect((await client().messages.create(odd)).role).toBe('assistant');
  });
}
