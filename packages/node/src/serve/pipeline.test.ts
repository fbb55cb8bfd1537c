import type { Chunk } from '@filon/core/serving/completion';
import { describe, expect, test } from 'vitest';
import { storedModel } from '../../../../test/kit/fixed-models.ts';
import {
  answerOf,
  chatRequest,
  createGate,
  MODEL,
  never,
  openScriptedServing,
  textOf,
} from '../../../../test/kit/scripted-serving.ts';
import { createManualClock } from '../adapters/memory/clock.ts';

const endings = (chunks: readonly Chunk[]): Chunk[] => chunks.filter(({ kind }) => kind === 'end');
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('an answer', () => {
  test('ends once, with its usage last', async () => {
    const chunks = await answerOf(await openScriptedServing(), chatRequest('hello'));
    expect(endings(chunks)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({ kind: 'usage', usage: { cachedTokens: 0 } });
  });

  test('stops at a stop string, and sends no log-probability of it', async () => {
    const whole = await answerOf(await openScriptedServing(), chatRequest('hello'));
    const stop = textOf(whole).slice(10, 16);
    const chunks = await answerOf(
      await openScriptedServing(),
      chatRequest('hello', { stop: [stop], topLogprobs: 0 }),
    );
    expect(textOf(chunks)).toBe(textOf(whole).slice(0, textOf(whole).indexOf(stop)));
    const sent = chunks.flatMap((chunk) => (chunk.kind === 'delta' ? chunk.logprobs : []));
    const bytes = Buffer.concat(sent.map((logprob) => logprob.bytes)).toString();
    expect(bytes.startsWith(textOf(chunks))).toBe(true);
    expect(bytes).not.toContain(stop);
  });

  test('of several choices counts the prompt once, and each choice draws with a seed of its own', async () => {
    const scripted = await openScriptedServing({ config: { sessionsMax: 3 } });
    const request = chatRequest('hello', { choices: 5 });
    const chunks = await answerOf(scripted, request);
    const texts = [0, 1, 2, 3, 4].map((choice) => textOf(chunks, choice));
    expect(new Set(texts).size).toBe(5);
    const second = { ...request, choices: 1, sampling: { ...request.sampling, seed: 12n } };
    const alone = await answerOf(await openScriptedServing(), second);
    expect(textOf(alone)).toBe(texts[1]);
    const [one] = alone.slice(-1);
    const promptTokens = one?.kind === 'usage' ? one.usage.promptTokens : 0;
    expect(chunks.at(-1)).toMatchObject({ usage: { promptTokens, cachedTokens: 0 } });
    expect(scripted.engine.status().counters.cachedTokens).toBe(4 * (promptTokens - 1));
  });

  test('repeats for the same seed and differs without one', async () => {
    const scripted = await openScriptedServing();
    const request = chatRequest('hello');
    const open = { ...request, sampling: { ...request.sampling, seed: null } };
    expect(textOf(await answerOf(scripted, request))).toBe(textOf(await answerOf(scripted, request)));
    expect(textOf(await answerOf(scripted, open))).not.toBe(textOf(await answerOf(scripted, open)));
  });

  test('is cut where the context ends', async () => {
    const scripted = await openScriptedServing({ config: { contextTokens: 64 } });
    const chunks = await answerOf(scripted, chatRequest('hello', { maxTokens: 1000, ignoreEos: true }));
    expect(endings(chunks)).toMatchObject([{ reason: 'length' }]);
    const [usage] = chunks.slice(-1);
    const counts = usage?.kind === 'usage' ? usage.usage : null;
    expect((counts?.promptTokens ?? 0) + (counts?.completionTokens ?? 0)).toBe(64);
  });
});

describe('refused before anything is computed', () => {
  const refusals = [
    ['an unknown model', { model: 'nobody' }, 'SERVE_MODEL_UNKNOWN'],
    [
      'a prompt over the context',
      { prompt: { kind: 'text', text: 'q'.repeat(3000) } },
      'SERVE_CONTEXT_EXCEEDED',
    ],
    [
      'a prompt too long to tokenize',
      { prompt: { kind: 'text', text: 'q'.repeat(3e6) } },
      'SERVE_CONTEXT_EXCEEDED',
    ],
    [
      'a token that does not exist',
      { prompt: { kind: 'tokens', tokens: [1, 99_999] } },
      'SERVE_TOKEN_UNKNOWN',
    ],
    ['no token at all', { prompt: { kind: 'tokens', tokens: [] } }, 'SERVE_PROMPT_EMPTY'],
    [
      'a bias on no token',
      { sampling: { ...chatRequest('').sampling, logitBias: [[99_999, 1]] } },
      'SERVE_TOKEN_UNKNOWN',
    ],
    [
      'a schema it cannot honour',
      { format: { kind: 'schema', schema: { not: {} } } },
      'SERVE_SCHEMA_UNSUPPORTED',
    ],
  ] as const;
  test.each(refusals)('%s', async (_, change, code) => {
    const scripted = await openScriptedServing();
    const request = { ...chatRequest('hello'), ...structuredClone(change) } as ReturnType<typeof chatRequest>;
    await expect(answerOf(scripted, request)).rejects.toMatchObject({ code });
    expect(scripted.engine.status().counters.generatedTokens).toBe(0);
    expect(scripted.serving.stats()).toMatchObject({ active: 0, queued: 0 });
  });
});

describe('a client that leaves', () => {
  test.each(['leaves the reading', 'aborts while reading', 'aborts before reading', 'aborts in the queue'])(
    '%s: the slot is free and no further token is computed',
    async (way) => {
      const scripted = await openScriptedServing({ config: { sessionsMax: 1 } });
      const leaving = new AbortController();
      const request = chatRequest('long', { maxTokens: 500, ignoreEos: true });
      const answer = await scripted.serving.complete(request, { signal: leaving.signal });
      if (way === 'aborts in the queue') {
        const queued = new AbortController();
        const waiting = scripted.serving.complete(request, { signal: queued.signal });
        await settle();
        expect(scripted.serving.stats().queued).toBe(1);
        queued.abort(new RangeError('left'));
        await expect(waiting).rejects.toThrow('left');
      }
      const reading = async (): Promise<void> => {
        let seen = 0;
        for await (const chunk of answer.chunks) {
          if (chunk.kind === 'delta' && ++seen < 3) continue;
          if (way === 'leaves the reading') return;
          leaving.abort(new RangeError('left'));
        }
      };
      if (way === 'leaves the reading') await reading();
      else if (way === 'aborts while reading') await expect(reading()).rejects.toThrow('left');
      else leaving.abort(new RangeError('left'));
      await settle();
      const computed = scripted.engine.status().counters.generatedTokens;
      expect(scripted.serving.stats()).toMatchObject({ active: 0, queued: 0 });
      expect(scripted.engine.status().sessions[0]?.count).toBe(0);
      const next = await answerOf(scripted, chatRequest('next', { maxTokens: 4, ignoreEos: true }));
      expect(endings(next)).toHaveLength(1);
      expect(scripted.engine.status().counters.generatedTokens).toBe(computed + 4);
    },
  );
});

describe('stopping', () => {
  test('lets running answers finish, sends the queue home and lets nobody in', async () => {
    const gate = createGate();
    const scripted = await openScriptedServing({
      config: { sessionsMax: 1 },
      beforeToken: ({ generated }) => (generated === 2 ? gate.pass() : undefined),
    });
    const running = answerOf(scripted, chatRequest('one'));
    await gate.crowd(1);
    const waiting = expect(answerOf(scripted, chatRequest('two'))).rejects.toMatchObject({
      code: 'SERVE_STOPPING',
    });
    await settle();
    const stopped = scripted.serving[Symbol.asyncDispose]();
    await waiting;
    await expect(answerOf(scripted, chatRequest('three'))).rejects.toMatchObject({ code: 'SERVE_STOPPING' });
    expect(await scripted.serving.readiness()).toMatchObject({ ready: false });
    gate.open();
    expect(endings(await running)).toHaveLength(1);
    await stopped;
  });

  test('ends what is not finished in time with an error', async () => {
    const clock = createManualClock();
    const gate = createGate();
    const scripted = await openScriptedServing({ clock, beforeToken: gate.pass });
    const running = expect(answerOf(scripted, chatRequest('one'))).rejects.toMatchObject({
      code: 'SERVE_STOPPING',
    });
    await gate.crowd(1);
    const stopped = scripted.serving[Symbol.asyncDispose]();
    await settle();
    clock.advance(10_000);
    await running;
    await stopped;
    expect(scripted.engine.status().sessions[0]?.count).toBe(0);
  });
});

describe('models in memory', () => {
  const stored = [storedModel('first', 'a'), storedModel('second', 'b')];

  test('one load serves all who wait for it', async () => {
    const gate = createGate();
    let loads = 0;
    const scripted = await openScriptedServing({
      beforeLoad: () => {
        loads += 1;
        return gate.pass();
      },
    });
    const answers = ['a', 'b', 'c'].map((content) => answerOf(scripted, chatRequest(content)));
    await gate.crowd(1);
    gate.open();
    await Promise.all(answers);
    expect(loads).toBe(1);
  });

  test('an idle one makes room for another; a busy one does not', async () => {
    const gate = createGate();
    const scripted = await openScriptedServing({
      stored,
      beforeToken: ({ prompt }) => (prompt.includes('hold') ? gate.pass() : undefined),
    });
    const use = (model: string, content = 'hi'): Promise<Chunk[]> =>
      answerOf(scripted, chatRequest(content, { model }));
    await use('first');
    await use('second');
    expect(scripted.serving.stats().loaded).toEqual(['second']);
    const holding = use('second', 'hold');
    await gate.crowd(1);
    await expect(use('first')).rejects.toMatchObject({ code: 'SERVE_MODELS_BUSY' });
    await expect(scripted.serving.unload('second', { signal: never })).rejects.toMatchObject({
      code: 'SERVE_MODEL_IN_USE',
    });
    gate.open();
    await holding;
    await scripted.serving.unload('second', { signal: never });
    expect(scripted.serving.stats().loaded).toEqual([]);
  });

  test('one that is idle for long enough leaves, and the node stays ready', async () => {
    const clock = createManualClock();
    const scripted = await openScriptedServing({ clock, config: { keepAliveMs: 60_000 } });
    expect(await scripted.serving.readiness()).toMatchObject({ ready: false });
    await answerOf(scripted, chatRequest('hi'));
    clock.advance(59_000);
    await answerOf(scripted, chatRequest('hi'));
    clock.advance(59_000);
    await settle();
    expect(scripted.serving.stats().loaded).toEqual([MODEL]);
    clock.advance(1_000);
    await settle();
    expect(scripted.serving.stats().loaded).toEqual([]);
    expect(await scripted.serving.readiness()).toMatchObject({ ready: true });
  });

  test('embeddings come back in order, with their tokens counted', async () => {
    const { serving } = await openScriptedServing();
    const inputs = Array.from({ length: 70 }, (_, index) => ({ kind: 'text', text: `t${index}` }) as const);
    const { vectors, promptTokens } = await serving.embed({ model: MODEL, inputs }, { signal: never });
    expect(vectors).toHaveLength(70);
    const one = await serving.embed({ model: MODEL, inputs: inputs.slice(41, 42) }, { signal: never });
    expect(one.vectors[0]).toEqual(vectors[41]);
    expect(promptTokens).toBe(70 + 10 * 2 + 60 * 3);
  });
});
