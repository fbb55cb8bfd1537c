import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dialect } from '@filon/core/dialect/dialect';
import type { ChatPrompt, Chunk, Tool } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  begin,
  essence,
  type KeptLife,
  LOCAL,
  ofChoice,
  openKeptLife,
  readFrom,
} from '../../../../../test/kit/kept-answers.ts';
import {
  answerOf,
  chatRequest,
  createGate,
  never,
  openScriptedServing,
} from '../../../../../test/kit/scripted-serving.ts';

const HERMES: Dialect = {
  ...{ toolFormat: 'hermes', rendersTools: true, reasoning: { open: '<think>', close: '</think>' } },
  ...{ thinkingSwitch: false, systemRole: true },
};
const WEATHER: Tool = { name: 'weather', description: '', parameters: { type: 'object', properties: {} } };
const CALL = (city: string): string =>
  `<tool_call>\n{"name": "weather", "arguments": {"city": "${city}"}}\n</tool_call>\n`;
const THOUGHTS_AND_CALLS = `<think>Where is it cold?</think>So.\n${CALL('París')}${CALL('Oslo')}`;

/** Reads until so many chunks have come, or all of them; then the process is gone. */
async function readAndKill(life: KeptLife, after: number, count: number): Promise<Chunk[]> {
  const seen: Chunk[] = [];
  const following = life.answers.follow('a', { owner: 'local', after, signal: never });
  for await (const { index, chunk } of following) {
    expect(index).toBe(after + 1 + seen.length);
    seen.push(chunk);
    if (seen.length >= count) break;
  }
  life.kill();
  return seen;
}

describe('an answer whose node is killed', () => {
  test('at any chunk, again and again, is the undisturbed one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(0, 0.8),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(null, 0, 2),
        fc.nat(40),
        async (kills, temperature, choices, topLogprobs, stopAt) => {
          const sampling = { ...chatRequest('').sampling, temperature };
          const plain = chatRequest('ore', { sampling, choices, topLogprobs });
          const [first] = await answerOf(await openScriptedServing(), { ...plain, maxTokens: stopAt + 8 });
          const stop = first?.kind === 'delta' ? [first.text.slice(-5), 'z q'] : [];
          const request = { ...plain, stop };
          const whole = await answerOf(await openScriptedServing(), request);

          let life = await openKeptLife();
          await begin(life, 'a', request);
          const seen: Chunk[] = [];
          for (const count of kills) {
            seen.push(...(await readAndKill(life, seen.length - 1, count)));
            life = await openKeptLife({ store: life.store });
          }
          seen.push(...(await readFrom(life, 'a', seen.length - 1)).map(({ chunk }) => chunk));
          for (let choice = 0; choice < choices; choice++) {
            expect(ofChoice(seen, choice)).toEqual(ofChoice(whole, choice));
          }
          expect((await life.answers.get('a', { owner: 'local' })).chunks).toEqual(seen);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('in the middle of what may become a stop string goes on without showing it', async () => {
    const answer = (): string => 'before the STOP and after';
    const request = chatRequest('ore', { stop: ['STOP and'] });
    const kept: number[] = [];
    for (let at = 1; at < 25; at++) {
      const first = await openKeptLife({
        answer,
        beforeToken: async ({ generated }) => {
          await nextTurn();
          if (generated === at) first.kill();
        },
      });
      await begin(first, 'a', request);
      await readFrom(first, 'a').catch(() => undefined);
      kept.push(first.store.list('answerParts').length);
      const second = await openKeptLife({ answer, store: first.store });
      const seen = (await readFrom(second, 'a')).map(({ chunk }) => chunk);
      expect(seen.map((chunk) => (chunk.kind === 'delta' ? chunk.text : '')).join('')).toBe('before the ');
    }
    expect(new Set(kept).size).toBeGreaterThan(5);
  });

  test.each([true, false])(
    'at any chunk keeps thoughts and calls apart; several calls: %s',
    async (several) => {
      const scene = { answer: () => THOUGHTS_AND_CALLS, dialect: HERMES };
      const prompt = { ...chatRequest('ore').prompt, tools: [WEATHER], parallelToolCalls: several };
      const request = chatRequest('ore', { prompt: prompt as ChatPrompt, maxTokens: 400, topLogprobs: 0 });
      const whole = await answerOf(await openScriptedServing(scene), request);
      expect(new Set(whole.map(({ kind }) => kind))).toEqual(
        new Set(['reasoning', 'delta', 'tool-call', 'tool-arguments', 'end', 'usage']),
      );
      for (let count = 1; count < whole.length; count++) {
        const first = await openKeptLife(scene);
        await begin(first, 'a', request);
        const seen = await readAndKill(first, -1, count);
        const second = await openKeptLife({ ...scene, store: first.store });
        seen.push(...(await readFrom(second, 'a', seen.length - 1)).map(({ chunk }) => chunk));
        expect(essence(seen)).toEqual(essence(whole));
      }
    },
  );

  test('has a pause where that was, and counts its tokens once', async () => {
    const request = chatRequest('ore', { ignoreEos: true, maxTokens: 40 });
    const first = await openKeptLife();
    await begin(first, 'a', request);
    const seen = await readAndKill(first, -1, 9);
    const second = await openKeptLife({ store: first.store });
    const rest = (await readFrom(second, 'a', seen.length - 1)).map(({ chunk }) => chunk);
    expect(rest.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
    expect(rest.at(-1)).toMatchObject({ kind: 'usage', usage: { completionTokens: 40 } });
    const computed = [first, second].map(({ engine }) => engine.status().counters.generatedTokens);
    expect(computed[1]).toBeLessThan(40);
    expect(essence(rest).length).toBeGreaterThan(0);
  });

  test('goes on by itself when it is in the background, and only when it is followed otherwise', async () => {
    const request = chatRequest('ore', { ignoreEos: true, maxTokens: 40 });
    for (const background of [true, false]) {
      const first = await openKeptLife();
      await first.answers.start(request, { ...LOCAL, id: 'a', background });
      await readAndKill(first, -1, 9);
      const second = await openKeptLife({ store: first.store, limits: { resumeWaitMs: 0 } });
      const state = async (): Promise<string> => (await second.answers.get('a', LOCAL)).state;
      if (background) await expect.poll(state).toBe('done');
      for (let turn = 0; turn < 100; turn++) await nextTurn();
      expect(await state()).toBe(background ? 'done' : 'running');
      expect(second.engine.status().counters.generatedTokens > 0).toBe(background);
      await readFrom(second, 'a');
      expect(await state()).toBe('done');
    }
  });
});

describe('an answer that cannot go on', () => {
  async function interrupted(): Promise<KeptLife> {
    const life = await openKeptLife();
    await begin(life, 'a', chatRequest('ore'));
    await readAndKill(life, -1, 3);
    return life;
  }

  test('says that its model is gone', async () => {
    const { store } = await interrupted();
    const life = await openKeptLife({ store, stored: [] });
    await expect(readFrom(life, 'a')).rejects.toMatchObject({
      details: { code: 'ANSWER_INTERRUPTED', reason: 'model-gone' },
    });
    const view = await life.answers.get('a', LOCAL);
    expect(view).toMatchObject({ state: 'failed', error: { details: { code: 'ANSWER_INTERRUPTED' } } });
    expect(view.chunks.length).toBeGreaterThanOrEqual(3);
    expect(life.store.list('answerTexts').map(({ key }) => key)).toEqual(['local/a/note/00000000']);
  });

  test('says that it is too old, or has ended too many nodes', async () => {
    const { store } = await interrupted();
    const tired = await openKeptLife({ store, limits: { restartsMax: 0, resumeWaitMs: 1e9 } });
    const late = await openKeptLife({ store, limits: { resumeWithinMs: -1 } });
    expect(await late.answers.get('a', LOCAL)).toMatchObject({
      error: { details: { reason: 'too-old' } },
    });
    await expect(readFrom(tired, 'a')).rejects.toMatchObject({ details: { reason: 'restarts' } });
  });

  test('waits when there is no room for it now', async () => {
    const { store } = await interrupted();
    const life = await openKeptLife({
      store,
      config: { sessionsMax: 1, queueMax: 0 },
      limits: { resumeWaitMs: 1e9 },
    });
    const other = await life.serving.complete(chatRequest('other'), { signal: never });
    await expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'SERVE_QUEUE_FULL' });
    expect(await life.answers.get('a', LOCAL)).toMatchObject({ state: 'running', error: null });
    await Array.fromAsync(other.chunks);
    const whole = (await readFrom(life, 'a')).map(({ chunk }) => chunk);
    expect(essence(whole)).toEqual(essence(await answerOf(await openScriptedServing(), chatRequest('ore'))));
  });

  test('when a node stops in an orderly way, goes on after it', async () => {
    const gate = createGate();
    const life = await openKeptLife({
      beforeToken: ({ generated }) => (generated === 9 ? gate.pass() : undefined),
    });
    await begin(life, 'a', chatRequest('ore', { ignoreEos: true, maxTokens: 60 }));
    const reading = readFrom(life, 'a');
    await gate.crowd(1);
    await life.answers[Symbol.asyncDispose]();
    await expect(reading).rejects.toMatchObject({ code: 'SERVE_STOPPING' });
    const next = await openKeptLife({ store: life.store });
    expect((await readFrom(next, 'a')).at(-1)?.chunk).toMatchObject({ usage: { completionTokens: 60 } });
  });
});
