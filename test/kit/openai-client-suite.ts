/**
 * The official client, unchanged, against a gateway: over the scripted engine in unit tests, over a real node with a
 * real model in system tests. It asserts what holds for any model.
 */
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';

export interface OpenAiClientTarget {
  /** With `/v1` at the end. */
  baseURL: string;
  model: string;
  /** Whether the same request always gives the same bytes: exact mode. */
  repeats: boolean;
  /** Tokens computed since the start, over all requests. */
  generatedTokens(): Promise<number>;
}

const SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string', maxLength: 20 },
    year: { type: 'integer', minimum: 0, maximum: 9999 },
  },
  required: ['city', 'year'],
  additionalProperties: false,
};
const QUESTION = [{ role: 'user', content: 'Name a mining town, and when it was founded.' }] as const;

export function runOpenAiClientSuite(target: () => OpenAiClientTarget): void {
  const client = (): OpenAI =>
    new OpenAI({ baseURL: target().baseURL, apiKey: 'none', maxRetries: 0, timeout: 120_000 });
  const chat = (more: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}) => ({
    model: target().model,
    messages: [...QUESTION],
    max_tokens: 24,
    temperature: 0,
    ...more,
  });

  /** In fast mode a near tie may go the other way the next time. */
  const same = (found: unknown, expected: unknown): void => {
    if (target().repeats) expect(found).toEqual(expected);
    else expect(found).toBeTruthy();
  };

  describe('the openai client', () => {
    describeChats(client, chat, same);
    describeStreams({ client, chat, same }, target);
    describeTexts(client, target, same);
    describeErrors(client, chat);
  });
}

type Client = () => OpenAI;
type Same = (found: unknown, expected: unknown) => void;
type Chat = (
  more?: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>,
) => OpenAI.ChatCompletionCreateParamsNonStreaming;

function describeChats(client: Client, chat: Chat, same: Same): void {
  test('lists models and finds one', async () => {
    const models = await Array.fromAsync(client().models.list());
    const [first] = models;
    expect(first?.object).toBe('model');
    expect(await client().models.retrieve(first?.id ?? '')).toMatchObject({ id: first?.id });
  });

  test('chats, and counts', async () => {
    const answer = await client().chat.completions.create(chat());
    const [choice] = answer.choices;
    expect(choice?.message.role).toBe('assistant');
    expect(choice?.message.content).toBeTruthy();
    expect(['stop', 'length']).toContain(choice?.finish_reason);
    const usage = answer.usage;
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    expect(usage?.completion_tokens).toBeLessThanOrEqual(24);
    const again = await client().chat.completions.create(chat());
    same(again.choices[0]?.message.content, choice?.message.content);
    expect(again.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(0);
  });

  test('takes parts, a developer role, and a maximum under its new name', async () => {
    const answer = await client().chat.completions.create({
      model: chat().model,
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'text', text: ' there' },
          ],
        },
      ],
      max_completion_tokens: 3,
    });
    expect(answer.usage?.completion_tokens).toBeLessThanOrEqual(3);
  });

  test('repeats itself for a seed, and gives several choices', async () => {
    const several = { n: 3, seed: 42, temperature: 1.2 };
    const [one, two] = await Promise.all([
      client().chat.completions.create(chat(several)),
      client().chat.completions.create(chat(several)),
    ]);
    const texts = (answer: OpenAI.ChatCompletion | undefined): (string | null)[] =>
      (answer?.choices ?? []).map(({ message }) => message.content);
    expect(texts(one)).toHaveLength(3);
    expect(new Set(texts(one)).size).toBeGreaterThan(1);
    same(texts(one), texts(two));
  });

  test('answers in JSON by a schema', async () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'town', schema: SCHEMA, strict: true },
    } as const;
    const answer = await client().chat.completions.create(chat({ response_format, max_tokens: 120 }));
    const town: unknown = JSON.parse(answer.choices[0]?.message.content ?? '');
    expect(town).toEqual({ city: expect.any(String), year: expect.any(Number) });
  });

  test('gives log-probabilities', async () => {
    const answer = await client().chat.completions.create(chat({ logprobs: true, top_logprobs: 3 }));
    const [choice] = answer.choices;
    const content = choice?.logprobs?.content ?? [];
    expect(content.length).toBeGreaterThan(0);
    for (const entry of content) {
      expect(entry.logprob).toBeLessThanOrEqual(0);
      expect(entry.top_logprobs).toHaveLength(3);
    }
    const bytes = Buffer.from(content.flatMap((entry) => entry.bytes ?? []));
    expect(bytes.toString()).toBe(choice?.message.content);
  });
}

function describeStreams(
  { client, chat, same }: { client: Client; chat: Chat; same: Same },
  target: () => OpenAiClientTarget,
): void {
  test('streams what it would have answered, with usage last', async () => {
    const whole = await client().chat.completions.create(chat());
    const stream = await client().chat.completions.create({
      ...chat(),
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    same(text, whole.choices[0]?.message.content);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.filter((chunk) => chunk.choices[0]?.finish_reason)).toHaveLength(1);
    same(chunks.at(-1)?.usage?.completion_tokens, whole.usage?.completion_tokens);
  });

  test('streams several choices at once', async () => {
    const stream = await client().chat.completions.create({ ...chat({ n: 3, seed: 5 }), stream: true });
    const finished = new Set<number>();
    for await (const { choices } of stream) {
      for (const choice of choices) if (choice.finish_reason) finished.add(choice.index);
    }
    expect([...finished].sort()).toEqual([0, 1, 2]);
  });

  test('stops at a stop string, streamed or not', async () => {
    const whole = (await client().chat.completions.create(chat())).choices[0]?.message.content ?? '';
    const stop = whole.slice(Math.floor(whole.length / 2)).slice(0, 4);
    const stopped = await client().chat.completions.create(chat({ stop: [stop, '\u0000never'] }));
    same(stopped.choices[0], {
      ...stopped.choices[0],
      message: { role: 'assistant', content: whole.slice(0, whole.indexOf(stop)), refusal: null },
      finish_reason: 'stop',
    });
    expect(stopped.choices[0]?.message.content).not.toContain(stop);
  });

  test('computes no further token when the client leaves', async () => {
    const { generatedTokens } = target();
    const long = { ...chat({ max_tokens: 400 }), stream: true, ignore_eos: true } as const;
    const stream = await client().chat.completions.create(long);
    let seen = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++seen === 3) break;
    }
    // A request that comes after the abort, on another connection, is answered after it took effect.
    await client().chat.completions.create(chat({ max_tokens: 1 }));
    const after = await generatedTokens();
    await client().chat.completions.create(chat({ max_tokens: 1 }));
    expect(await generatedTokens()).toBeLessThanOrEqual(after + 2);
  });
}

function describeTexts(client: Client, target: () => OpenAiClientTarget, same: Same): void {
  test('completes texts, with an echo and old log-probabilities', async () => {
    const { model } = target();
    const plain = { model, prompt: ['The mine', 'The lamp'], max_tokens: 5, temperature: 0 };
    const answer = await client().completions.create({ ...plain, logprobs: 2 });
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
    const logprobs = answer.choices[0]?.logprobs;
    expect(logprobs?.tokens?.length).toBe(logprobs?.text_offset?.length);
    const echoed = await client().completions.create({ ...plain, echo: true });
    same(echoed.choices[1]?.text, `The lamp${answer.choices[1]?.text}`);
    expect(echoed.choices[1]?.text.startsWith('The lamp')).toBe(true);
    const stream = await client().completions.create({ ...plain, echo: true, stream: true });
    const texts = ['', ''];
    for await (const { choices } of stream) for (const { index, text } of choices) texts[index] += text;
    same(
      texts,
      echoed.choices.map(({ text }) => text),
    );
  });

  test('embeds', async () => {
    const { model } = target();
    const input = ['ore', 'a vein of silver', 'ore'];
    const packed = await client().embeddings.create({ model, input });
    const plain = await client().embeddings.create({ model, input, encoding_format: 'float' });
    expect(plain.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const [index, { embedding }] of plain.data.entries()) {
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 3);
      const other = packed.data[index]?.embedding ?? [];
      expect(other).toHaveLength(embedding.length);
      for (const [at, value] of embedding.entries()) expect(other[at]).toBeCloseTo(value, 3);
    }
    expect(plain.usage.prompt_tokens).toBeGreaterThan(0);
  });
}

function describeErrors(client: Client, chat: Chat): void {
  const wrong: [string, object, { status: number; param: string | null; code?: string }][] = [
    ['an unknown model', { model: 'nobody' }, { status: 404, param: 'model', code: 'model_not_found' }],
    ['no messages', { messages: [] }, { status: 400, param: 'messages' }],
    ['a temperature of -1', { temperature: -1 }, { status: 400, param: 'temperature' }],
    ['a tool that is none', { tools: [{ type: 'custom' }] }, { status: 400, param: 'tools[0].type' }],
    ['10,000 stop strings', { stop: Array(10_000).fill('x') }, { status: 400, param: 'stop' }],
    [
      'a prompt over the context',
      { messages: [{ role: 'user', content: 'ore '.repeat(60_000) }] },
      { status: 400, param: 'messages', code: 'context_length_exceeded' },
    ],
    [
      'an image',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] },
      { status: 400, param: 'messages[0].content[0].type' },
    ],
    [
      'a schema it cannot honour',
      { response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { not: {} } } } },
      { status: 400, param: 'response_format' },
    ],
  ];
  test.each(wrong)('tells of %s', async (_, change, expected) => {
    for (const stream of [false, true]) {
      const failure = await client()
        .chat.completions.create({ ...chat(), ...change, stream } as never)
        .then(
          () => null,
          (error: unknown) => error,
        );
      expect(failure).toBeInstanceOf(OpenAI.APIError);
      expect(failure).toMatchObject(expected);
    }
  });

  test('ignores fields it does not know', async () => {
    const odd = { ...chat({ max_tokens: 1 }), definitely_unknown: { deep: [1] }, user: 'somebody' };
    expect((await client().chat.completions.create(odd)).choices).toHaveLength(1);
  });
}
