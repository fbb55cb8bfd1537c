/** What every adapter of the Engine port must do. Counts and compares; never waits for a fixed time. */
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadSpec, SessionEvent, SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { Engine } from '@filon/node/ports/engine';
import { describe, expect, test } from 'vitest';

export interface EngineUnderTest extends AsyncDisposable {
  engine: Engine;
  /** A small model and how to load it; `mode: 'exact'` where the adapter can. At least 2 sessions, 256 tokens. */
  spec: LoadSpec;
  /** Ends the worker as `kill -9` would. */
  kill(): Promise<void> | void;
}

const signal = AbortSignal.timeout(600_000);
const ANSWER_TOKENS = 24;
/** Fits every adapter's context with the prompt and an answer more. */
const LONG_ANSWER_TOKENS = 400;

export function runEngineConformance(name: string, open: () => Promise<EngineUnderTest>): void {
  describe(`engine: ${name}`, () => {
    describeLoading(open);
    describeSessions(open);
    describeFailures(open);
  });
}

function describeLoading(open: () => Promise<EngineUnderTest>): void {
  test('loads what it is asked to load, once, and reports it', async () => {
    await using under = await open();
    const { engine, spec } = under;
    expect((await engine.devices({ signal })).length).toBeGreaterThan(0);
    const loaded = await engine.load(spec, { signal });
    expect(loaded).toMatchObject({ model: spec.model, mode: spec.mode });
    expect(loaded.contextTokens).toBeLessThanOrEqual(spec.contextTokens);
    expect(await engine.load(spec, { signal })).toEqual(loaded);
    expect(engine.status().loaded.map(({ model }) => model)).toEqual([spec.model]);
    await engine.unload(spec.model, { signal });
    expect(engine.status().loaded).toEqual([]);
  });

  test('a model that is not loaded is refused by its name', async () => {
    await using under = await open();
    const { engine, spec } = under;
    const refused = { code: 'ENGINE_MODEL_NOT_LOADED' };
    const text = { kind: 'text', text: 'ore' } as const;
    await expect(engine.tokenize(spec.model, text, { signal })).rejects.toMatchObject(refused);
    await expect(collect(engine.open(request(spec, Int32Array.of(1, 2)), { signal }))).rejects.toMatchObject(
      refused,
    );
  });

  test('tokenizes texts and chats, the same way each time', async () => {
    await using under = await loaded(open);
    const { engine, spec } = under;
    const chat = { kind: 'chat', messages: [{ role: 'user', content: 'What is ore? ⛏' }] } as const;
    const first = await engine.tokenize(spec.model, chat, { signal });
    expect(first.tokens).toBeInstanceOf(Int32Array);
    expect(await engine.tokenize(spec.model, chat, { signal })).toEqual(first);
    const text = await engine.tokenize(spec.model, { kind: 'text', text: 'What is ore? ⛏' }, { signal });
    expect(text.tokens.length).toBeGreaterThan(0);
    expect(text.tokens.length).toBeLessThan(first.tokens.length);
  });

  test('embeddings have unit length and the announced number of values', async () => {
    await using under = await loaded(open);
    const { engine, spec } = under;
    const length = engine.status().loaded[0]?.embeddingLength;
    const texts = [Int32Array.of(65, 66, 67), Int32Array.of(70, 71), Int32Array.of(65, 66, 67)];
    const vectors = await engine.embed(spec.model, texts, { signal });
    expect(vectors.map((vector) => vector.length)).toEqual([length, length, length]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    for (const [index, value] of vectors[0]?.entries() ?? [])
      expect(vectors[2]?.[index]).toBeCloseTo(value, 3);
  });
}

function describeSessions(open: () => Promise<EngineUnderTest>): void {
  test('an answer is prefilled once, counts its positions and ends once', async () => {
    await using under = await loaded(open);
    const start = await chat(under);
    const events = await collect(under.engine.open(start, { signal }));
    expect(events.map(({ kind }) => kind)).toEqual([
      'prefilled',
      ...tokensIn(events).map(() => 'token'),
      'end',
    ]);
    const positions = tokensIn(events).map(({ position }) => position);
    expect(positions).toEqual(positions.map((_, index) => start.promptTokens + index));
    expect(positions.length).toBeLessThanOrEqual(ANSWER_TOKENS);
    expect(textOf(events).length).toBeGreaterThan(0);
  });

  for (const temperature of [0, 0.8]) {
    test(`at temperature ${temperature} a resume at every position gives the rest of the answer`, async () => {
      await using under = await loaded(open);
      const start = await chat(under, { temperature });
      const whole = await collect(under.engine.open(start, { signal }));
      const drawn = tokensIn(whole);
      for (let cut = 1; cut < drawn.length; cut++) {
        const resumed = {
          ...start,
          session: `resumed-${cut}`,
          tokens: Int32Array.of(...start.tokens, ...drawn.slice(0, cut).map(({ token }) => token)),
        };
        const rest = await collect(under.engine.open(resumed, { signal }));
        if (under.spec.mode === 'exact') expect(rest.slice(1)).toEqual(whole.slice(1 + cut));
        else expect(tokensIn(rest)[0]?.position).toBe(start.promptTokens + cut);
      }
    });
  }

  test('what one scope computed is reused in that scope alone', async () => {
    await using under = await loaded(open);
    const start = { ...(await chat(under)), maxTokens: 1 };
    const cached: number[] = [];
    for (const [index, scope] of ['a', 'b', 'a', 'b'].entries()) {
      const asked = { ...start, session: `asked-${index}`, scope };
      const [first] = await collect(under.engine.open(asked, { signal }));
      if (first?.kind === 'prefilled') cached.push(first.cachedTokens);
    }
    const again =
      under.spec.mode === 'exact' ? cached.slice(2) : [start.promptTokens - 1, start.promptTokens - 1];
    expect(cached).toEqual([0, 0, ...again]);
    const [plain] = await collect(under.engine.open({ ...start, session: 'plain' }, { signal }));
    expect(plain).toEqual({ kind: 'prefilled', cachedTokens: 0 });
  });

  test('a stop string ends the answer and is no part of it', async () => {
    await using under = await loaded(open);
    const start = await chat(under);
    const whole = textOf(await collect(under.engine.open(start, { signal })));
    const stop = whole.slice(Math.floor(whole.length / 2)).slice(0, 3);
    const events = await collect(
      under.engine.open({ ...start, session: 'stopped', stop: [stop] }, { signal }),
    );
    expect(textOf(events)).toBe(whole.slice(0, whole.indexOf(stop)));
    expect(events.at(-1)).toMatchObject({ kind: 'end', reason: 'stop', stop });
  });

  test('log-probabilities are sorted, and the drawn token has one', async () => {
    await using under = await loaded(open);
    const events = await collect(under.engine.open({ ...(await chat(under)), topLogprobs: 3 }, { signal }));
    for (const { token, logprob } of tokensIn(events)) {
      expect(logprob?.token).toBe(token);
      expect(logprob?.logprob).toBeLessThanOrEqual(0);
      const top = logprob?.top.map((other) => other.logprob) ?? [];
      expect(top).toEqual([...top].sort((a, b) => b - a));
      expect(top).toHaveLength(3);
    }
  });
}

function describeFailures(open: () => Promise<EngineUnderTest>): void {
  test('leaving an answer frees its slot, and no further token is computed', async () => {
    await using under = await loaded(open);
    const { engine } = under;
    for (const way of ['leave', 'abort'] as const) {
      const leaving = new AbortController();
      const start = { ...(await chat(under)), session: way, maxTokens: 200, ignoreEos: true };
      const events = engine.open(start, { signal: leaving.signal });
      await takeTokens(events, 3, way === 'abort' ? leaving : null);
      const { counters, sessions } = engine.status();
      expect(sessions.reduce((sum, { count }) => sum + count, 0)).toBe(0);
      const next = { ...(await chat(under)), session: `after-${way}`, maxTokens: 5, ignoreEos: true };
      await collect(engine.open(next, { signal }));
      expect(engine.status().counters.generatedTokens - counters.generatedTokens).toBe(5);
    }
  });

  test('holds as many sessions as it announces, and refuses one more', async () => {
    await using under = await loaded(open);
    const { engine, spec } = under;
    const start = { ...(await chat(under)), maxTokens: 100, ignoreEos: true };
    const iterators = Array.from({ length: spec.sessionsMax }, (_, index) =>
      engine.open({ ...start, session: `slot-${index}` }, { signal })[Symbol.asyncIterator](),
    );
    await Promise.all(iterators.map((iterator) => iterator.next()));
    expect(engine.status().sessions).toEqual([{ model: spec.model, count: spec.sessionsMax }]);
    const more = engine.open({ ...start, session: 'one-more' }, { signal });
    await expect(collect(more)).rejects.toMatchObject({ code: 'ENGINE_SLOTS_FULL' });
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
    expect(engine.status().sessions.every(({ count }) => count === 0)).toBe(true);
  });

  test('a session that does not fit, or a token that does not exist, is refused', async () => {
    await using under = await loaded(open);
    const { engine, spec } = under;
    const [model] = engine.status().loaded;
    const long = new Int32Array((model?.contextTokens ?? 0) + 1).fill(65);
    await expect(collect(engine.open(request(spec, long), { signal }))).rejects.toMatchObject({
      code: 'ENGINE_CONTEXT_EXCEEDED',
    });
    const unknown = Int32Array.of(65, model?.vocabTokens ?? 0);
    await expect(collect(engine.open(request(spec, unknown), { signal }))).rejects.toMatchObject({
      code: 'ENGINE_TOKEN_INVALID',
    });
  });

  test('a killed worker fails its sessions by name, and the same session can go on afterwards', async () => {
    await using under = await loaded(open);
    const { engine, spec } = under;
    const start = { ...(await chat(under)), ignoreEos: true };
    const received: SessionSign[] = [];
    const dying = async (): Promise<void> => {
      // As long as it may be: a worker that is quick must not have ended it before the kill arrives.
      const long = { ...start, session: 'dying', maxTokens: LONG_ANSWER_TOKENS };
      for await (const event of engine.open(long, { signal })) {
        received.push(event);
        if (tokensIn(received).length === 3) await under.kill();
      }
    };
    await expect(dying()).rejects.toMatchObject({ code: 'ENGINE_WORKER_DIED' });
    await engine.load(spec, { signal });
    const had = tokensIn(received).map(({ token }) => token);
    const enough = { ...start, maxTokens: had.length + ANSWER_TOKENS };
    const whole = await collect(engine.open({ ...enough, session: 'whole' }, { signal }));
    const tokens = Int32Array.of(...start.tokens, ...had);
    const rest = await collect(engine.open({ ...enough, session: 'resumed', tokens }, { signal }));
    expect(tokensIn(rest)).toHaveLength(ANSWER_TOKENS);
    if (spec.mode === 'exact') expect(rest.slice(1)).toEqual(whole.slice(1 + had.length));
    expect(engine.status().workers.reduce((sum, { deaths }) => sum + deaths, 0)).toBe(1);
  });
}

async function loaded(open: () => Promise<EngineUnderTest>): Promise<EngineUnderTest> {
  const under = await open();
  await under.engine.load(under.spec, { signal });
  return under;
}

async function chat(under: EngineUnderTest, options: { temperature?: number } = {}): Promise<SessionRequest> {
  const prompt = { kind: 'chat', messages: [{ role: 'user', content: 'Tell me about a mine.' }] } as const;
  const { tokens } = await under.engine.tokenize(under.spec.model, prompt, { signal });
  const start = request(under.spec, tokens);
  return { ...start, sampling: { ...start.sampling, temperature: options.temperature ?? 0 } };
}

function request(spec: LoadSpec, tokens: Int32Array): SessionRequest {
  return {
    session: 'first',
    model: spec.model,
    tokens,
    promptTokens: tokens.length,
    maxTokens: ANSWER_TOKENS,
    sampling: { ...DEFAULT_SAMPLING, seed: 7n },
    stop: [],
    grammar: null,
    topLogprobs: null,
    ignoreEos: false,
  };
}

/** Signs of life may come at any time, and are no part of the answer. */
async function collect(signs: AsyncIterable<SessionSign>): Promise<SessionEvent[]> {
  return (await Array.fromAsync(signs)).filter((sign) => sign.kind !== 'waiting');
}

function tokensIn(events: readonly SessionSign[]): Extract<SessionEvent, { kind: 'token' }>[] {
  return events.filter((event) => event.kind === 'token');
}

function textOf(events: readonly SessionEvent[]): string {
  return events.map((event) => ('text' in event ? event.text : '')).join('');
}

/** Reads so many tokens, then leaves the iteration or aborts it. */
async function takeTokens(
  events: AsyncIterable<SessionSign>,
  count: number,
  leaving: AbortController | null,
): Promise<void> {
  const reason = new RangeError('the client left');
  let seen = 0;
  try {
    for await (const event of events) {
      if (event.kind === 'token') seen += 1;
      if (seen < count) continue;
      if (leaving === null) return;
      leaving.abort(reason);
    }
    expect.unreachable('an aborted session must throw');
  } catch (error) {
    if (error !== reason) throw error;
  }
}
