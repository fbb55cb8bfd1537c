import { type Chunk, type CompletionRequest, isContent, type Tool } from '@filon/core/serving/completion';
import type { Dialect } from '@filon/core/serving/dialect';
import type { DrawnToken, ResumeStart, Resumption } from '@filon/core/serving/resumption';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storedModel } from '../../../../test/kit/fixed-models.ts';
import { begin, openKeptLife, readFrom } from '../../../../test/kit/kept-answers.ts';
import {
  answerOf,
  chatRequest,
  MODEL,
  never,
  openScriptedServing,
} from '../../../../test/kit/scripted-serving.ts';

const HERMES: Dialect = {
  ...{ toolFormat: 'hermes', rendersTools: true, reasoning: { open: '<think>', close: '</think>' } },
  ...{ thinkingSwitch: false, systemRole: true },
};
const WEATHER: Tool = { name: 'weather', description: '', parameters: { type: 'object', properties: {} } };
const CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n';
const SAYS = `<think>Where is it cold?</think>So.\n${CALL}`;

/** What a client that read these chunks holds. */
function heldBy(chunks: readonly Chunk[]): Resumption | null {
  let start: ResumeStart | null = null;
  const drawn: DrawnToken[] = [];
  for (const chunk of chunks) {
    if (chunk.kind === 'begun') start = chunk.start;
    if (chunk.kind !== 'drawn') continue;
    expect(chunk.from).toBe(drawn.length);
    drawn.push(...chunk.tokens);
  }
  return start === null ? null : { start, drawn };
}

const contentOf = (chunks: readonly Chunk[]): Chunk[] => chunks.filter(isContent);

/** A gateway with a cache and a memory of its own. */
const afresh = openScriptedServing;

const ASKED: CompletionRequest = chatRequest('ore', { resumable: true });

async function held(count = 20): Promise<Resumption> {
  const held = heldBy((await answerOf(await afresh(), ASKED)).slice(0, count));
  if (held === null) throw new RangeError('nothing was told');
  return held;
}

describe('an answer that is taken elsewhere', () => {
  test('wherever it broke off, and again elsewhere, is the undisturbed one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
        fc.constantFrom(0, 0.8),
        fc.constantFrom(undefined, 7n),
        fc.nat(40),
        async (cuts, temperature, seed, stopAt) => {
          const sampling = { ...chatRequest('').sampling, temperature, seed: seed ?? null };
          const plain = chatRequest('ore', { sampling });
          const [first] = await answerOf(await afresh(), { ...plain, maxTokens: stopAt + 8 });
          const stop = first?.kind === 'delta' ? [first.text.slice(-5), 'z q'] : [];
          const request = { ...plain, stop, resumable: true };
          const whole = await answerOf(await afresh(), request);
          let chunks = whole;
          for (const cut of cuts) {
            const seen = chunks.slice(0, cut);
            const resumption = heldBy(seen);
            if (resumption === null) return;
            chunks = await answerOf(await afresh(), { ...request, resumption });
            expect(contentOf(chunks).slice(0, contentOf(seen).length)).toEqual(contentOf(seen));
          }
          expect(contentOf(chunks)).toEqual(contentOf(whole));
          const [last, expected] = [chunks.at(-1), whole.at(-1)];
          expect(last?.kind === 'usage' && last.usage.completionTokens).toBe(
            expected?.kind === 'usage' && expected.usage.completionTokens,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('keeps its thoughts apart, and its calls whole with their ids', async () => {
    const script = { answer: () => SAYS, dialect: HERMES };
    const prompt = { ...chatRequest('ore').prompt, tools: [WEATHER] } as CompletionRequest['prompt'];
    const request = { ...ASKED, prompt, maxTokens: 200 };
    const whole = await answerOf(await afresh(script), request);
    expect(contentOf(whole).some(({ kind }) => kind === 'tool-call')).toBe(true);
    for (let cut = 1; cut < whole.length; cut += 3) {
      const resumption = heldBy(whole.slice(0, cut));
      if (resumption === null) throw new RangeError('nothing was told');
      const chunks = await answerOf(await afresh(script), { ...request, resumption });
      expect(contentOf(chunks)).toEqual(contentOf(whole));
    }
  });

  test('is kept there like any other, and outlives that node as well', async () => {
    const whole = await answerOf(await afresh(), ASKED);
    const resumption = heldBy(whole.slice(0, 20));
    if (resumption === null) throw new RangeError('nothing was told');
    let life = await openKeptLife();
    await begin(life, 'a', { ...ASKED, resumption });
    const following = life.answers.follow('a', { owner: 'local', after: -1, signal: never });
    for await (const { index } of following) if (index === 30) break;
    life.kill();
    life = await openKeptLife({ store: life.store });
    const chunks = (await readFrom(life, 'a')).map(({ chunk }) => chunk);
    expect(contentOf(chunks)).toEqual(contentOf(whole));
    expect(heldBy(chunks)).toEqual(heldBy(whole));
  });

  test('tells nothing unless it was asked to', async () => {
    const chunks = await answerOf(await afresh(), chatRequest('ore'));
    expect(chunks.filter(({ kind }) => kind === 'begun' || kind === 'drawn')).toEqual([]);
  });
});

describe('what does not belong to the request is refused before anything is computed', () => {
  const start = (change: Partial<ResumeStart>) => async (): Promise<Partial<CompletionRequest>> => {
    const { start: told, drawn } = await held();
    return { resumption: { start: { ...told, ...change }, drawn } };
  };
  test.each<[what: string, change: () => Promise<Partial<CompletionRequest>>]>([
    ['prompt', start({ prompt: '0'.repeat(64) })],
    ['prompt', start({ promptTokens: 1 })],
    ['prompt', async () => ({ ...chatRequest('other ore'), resumption: await held() })],
    ['seed', start({ seed: '12' })],
    ['length', start({ maxTokens: 2 })],
    ['length', async () => ({ maxTokens: 2, resumption: await held() })],
    ['token', async () => ({ resumption: { ...(await held()), drawn: [{ token: 4_000_000, text: '' }] } })],
  ])('%s', async (what, change) => {
    const scripted = await afresh();
    const asked = answerOf(scripted, { ...ASKED, ...(await change()) });
    await expect(asked).rejects.toMatchObject({ details: { code: 'RESUME_MISMATCH', what } });
    expect(scripted.engine.status().counters.generatedTokens).toBe(0);
  });

  test('another model than the one that the request names, whatever its key may use', async () => {
    const stored = [storedModel(MODEL), storedModel('other-1m', 'b')];
    const scripted = await afresh({ stored });
    const asked = answerOf(scripted, { ...ASKED, model: 'other-1m', resumption: await held() });
    await expect(asked).rejects.toMatchObject({ details: { code: 'RESUME_MISMATCH', what: 'model' } });
    const unknown = answerOf(scripted, { ...ASKED, ...(await start({ model: 'f'.repeat(64) })()) });
    await expect(unknown).rejects.toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
  });

  test('a class that this node does not have, also where it answers in fast mode', async () => {
    const asked = answerOf(await afresh(), { ...ASKED, ...(await start({ numericClass: 'made-up' })()) });
    await expect(asked).rejects.toMatchObject({ code: 'SERVE_ROUTE_NONE' });
  });
});
