/**
 * Ollama's official client, unchanged, against a gateway: over the scripted engine in unit tests, over a real node with
 * a real model in system tests. It asserts what holds for any model.
 */
import { type ChatRequest, Ollama } from 'ollama';
import { describe, expect, test } from 'vitest';
import { type ClientTarget, expectSame, SCHEMA } from './client-target.ts';

type WholeChat = ChatRequest & { stream?: false };
type Ask = (more?: Partial<WholeChat>) => WholeChat;
type Client = () => Ollama;

export function runOllamaClientSuite(target: () => ClientTarget): void {
  const client: Client = () => new Ollama({ host: target().url });
  const ask: Ask = (more = {}) => ({
    model: target().model,
    messages: [{ role: 'user', content: 'Name a mining town, and when it was founded.' }],
    ...more,
    options: { temperature: 0, num_predict: 24, ...more.options },
  });
  describe("ollama's client", () => {
    describeModels(client, target);
    describeChats(client, ask);
    describeStreams({ client, ask }, target);
    describeGenerate(client, target);
    describeEmbeddings(client, target);
    describeErrors(client, ask);
  });
}

function describeModels(client: Client, target: () => ClientTarget): void {
  test('lists, shows and finds models in memory', async () => {
    const { model } = target();
    const { models } = await client().list();
    expect(models.map(({ name }) => name)).toContain(model);
    const shown = await client().show({ model: `${model}:latest` });
    expect(shown.details).toMatchObject({ format: 'gguf', family: expect.any(String) });
    expect(shown.capabilities).toContain('completion');
    expect(await client().generate({ model, prompt: '' })).toMatchObject({ done: true, done_reason: 'load' });
    expect((await client().ps()).models.map(({ name }) => name)).toContain(model);
    expect((await client().version()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('does not change the node, and says who does', async () => {
    const { model } = target();
    const calls = [
      () => client().pull({ model }),
      () => client().delete({ model }),
      () => client().copy({ source: model, destination: 'other' }),
      () => client().create({ model: 'other', from: model }),
      () => client().generate({ model, prompt: '', keep_alive: 0 }),
    ];
    for (const call of calls) {
      const failure = await (call() as Promise<unknown>).catch((error: unknown) => error);
      expect(failure).toMatchObject({ status_code: 403, message: expect.stringContaining('operator') });
    }
    expect((await client().list()).models.map(({ name }) => name)).toContain(model);
  });
}

function describeChats(client: Client, ask: Ask): void {
  test('chats, counts and times', async () => {
    const answer = await client().chat(ask());
    expect(answer.message).toMatchObject({ role: 'assistant', content: expect.stringMatching(/\S/) });
    expect(answer).toMatchObject({ done: true, model: ask().model });
    expect(['stop', 'length']).toContain(answer.done_reason);
    expect(answer.prompt_eval_count).toBeGreaterThan(0);
    expect(answer.eval_count).toBeLessThanOrEqual(24);
    const parts = answer.load_duration + answer.prompt_eval_duration + answer.eval_duration;
    expect(Math.abs(answer.total_duration - parts)).toBeLessThan(1e6);
    expect(new Date(answer.created_at).getTime()).not.toBeNaN();
  });

  test('takes a system message, a tag and options', async () => {
    const answer = await client().chat(
      ask({
        model: `${ask().model}:latest`,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Hello' },
          { role: 'assistant', content: 'Hello.' },
          { role: 'user', content: 'One word.' },
        ],
        keep_alive: '5m',
        options: {
          num_predict: 3,
          top_k: 5,
          top_p: 0.9,
          min_p: 0.1,
          repeat_penalty: 1.1,
          seed: 3,
          num_ctx: 512,
        },
      }),
    );
    expect(answer.eval_count).toBeLessThanOrEqual(3);
  });

  test('answers in JSON, by a schema or without one', async () => {
    const answer = await client().chat(ask({ format: SCHEMA, options: { num_predict: 120 } }));
    const town = { city: expect.any(String), year: expect.any(Number) };
    expect(JSON.parse(answer.message.content)).toEqual(town);
    const free = await client().chat(ask({ format: 'json', options: { num_predict: 8 } }));
    expect(free.message.content.trimStart().startsWith('{')).toBe(true);
  });

  test('gives log-probabilities', async () => {
    const { logprobs = [], message } = await client().chat(ask({ logprobs: true, top_logprobs: 2 }));
    expect(logprobs.length).toBeGreaterThan(0);
    for (const entry of logprobs) {
      expect(entry.logprob).toBeLessThanOrEqual(0);
      expect(entry.top_logprobs).toHaveLength(2);
    }
    const bytes = logprobs.flatMap((entry) => Reflect.get(entry, 'bytes') as number[]);
    expect(Buffer.from(bytes).toString()).toBe(message.content);
  });
}

function describeStreams({ client, ask }: { client: Client; ask: Ask }, target: () => ClientTarget): void {
  test('streams what it would have answered', async () => {
    const whole = await client().chat(ask());
    const parts = await Array.fromAsync(await client().chat({ ...ask(), stream: true }));
    expectSame(target(), parts.map(({ message }) => message.content).join(''), whole.message.content);
    expect(parts.filter(({ done }) => done)).toHaveLength(1);
    expect(parts.at(-1)?.done).toBe(true);
    expectSame(target(), parts.at(-1)?.eval_count, whole.eval_count);
  });

  test('computes no further token when the client leaves', async () => {
    const { generatedTokens } = target();
    const options = { num_predict: 400, temperature: 1 };
    const stream = await client().chat({ ...ask({ options }), stream: true });
    let seen = 0;
    const read = async (): Promise<void> => {
      for await (const _ of stream) if (++seen === 3) stream.abort();
    };
    await expect(read()).rejects.toThrow();
    await client().chat(ask({ options: { num_predict: 1 } }));
    const after = await generatedTokens();
    await client().chat(ask({ options: { num_predict: 1 } }));
    expect(await generatedTokens()).toBeLessThanOrEqual(after + 2);
  });

  test('talks for twenty turns', async () => {
    const messages: ChatRequest['messages'] = [];
    let read = 0;
    for (let turn = 1; turn <= 20; turn++) {
      messages.push({ role: 'user', content: `Say something about the number ${turn}.` });
      const answer = await client().chat(ask({ messages, options: { num_predict: 12 } }));
      expect(answer.prompt_eval_count).toBeGreaterThan(read);
      read = answer.prompt_eval_count;
      messages.push(answer.message);
    }
  });
}

function describeGenerate(client: Client, target: () => ClientTarget): void {
  test('completes a prompt by the template, or raw', async () => {
    const { model } = target();
    const options = { temperature: 0, num_predict: 8 };
    const system = 'Be brief.';
    const asked = await client().generate({ model, prompt: 'The mine', system, options });
    const chatted = await client().chat({
      ...{ model, options },
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: 'The mine' },
      ],
    });
    expectSame(target(), asked.response, chatted.message.content);
    const raw = await client().generate({ model, prompt: 'The mine', raw: true, options });
    expect(raw.prompt_eval_count).toBeLessThan(asked.prompt_eval_count);
    const stream = await client().generate({ model, prompt: 'The mine', raw: true, stream: true, options });
    const parts = await Array.fromAsync(stream);
    expectSame(target(), parts.map(({ response }) => response).join(''), raw.response);
  });
}

function describeEmbeddings(client: Client, target: () => ClientTarget): void {
  test('embeds one, many, and the old way', async () => {
    const { model } = target();
    const input = ['ore', 'a vein of silver'];
    const many = await client().embed({ model, input });
    expect(many.embeddings).toHaveLength(2);
    for (const vector of many.embeddings) expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
    expect(many.prompt_eval_count).toBeGreaterThan(0);
    const { embedding } = await client().embeddings({ model, prompt: 'ore' });
    expect(embedding).toHaveLength(many.embeddings[0]?.length ?? 0);
    expect((await client().embed({ model, input: [] })).embeddings).toEqual([]);
  });
}

function describeErrors(client: Client, ask: Ask): void {
  const wrong: [string, object, { status_code: number; message: string }][] = [
    ['an unknown model', { model: 'nobody' }, { status_code: 404, message: 'nobody' }],
    ['a temperature of -1', { options: { temperature: -1 } }, { status_code: 400, message: 'temperature' }],
    [
      'an image',
      { messages: [{ role: 'user', content: 'Look.', images: ['AAAA'] }] },
      { status_code: 400, message: 'messages[0].images' },
    ],
    ['mirostat', { options: { mirostat: 2 } }, { status_code: 400, message: 'options.mirostat' }],
    [
      'a prompt over the context',
      { messages: [{ role: 'user', content: 'ore '.repeat(60_000) }] },
      { status_code: 400, message: 'context' },
    ],
    ['a schema it cannot honour', { format: { not: {} } }, { status_code: 400, message: 'not' }],
  ];
  test.each(wrong)('tells of %s', async (_, change, { status_code, message }) => {
    for (const stream of [false, true]) {
      const failure = await client()
        .chat({ ...ask(), ...change, stream } as never)
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ status_code, message: expect.stringContaining(message) });
    }
  });

  test('refuses what would be filled in, and templates of the caller', async () => {
    const { model } = ask();
    for (const more of [{ suffix: 'end' }, { template: '{{ .Prompt }}' }, { context: [1] }]) {
      const failure = await client()
        .generate({ model, prompt: 'a', ...more })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({ status_code: 400 });
    }
  });
}
