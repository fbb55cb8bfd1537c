/** Upstreams that break off in the middle: what was sent stands, nothing comes twice, and the end is honest. */
import type { Chunk } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';
import {
  FAR_TEXT,
  farEndpoint,
  openUpstreamScene,
  passing,
  URL_A,
  URL_B,
} from '../../../../../test/kit/upstream-scene.ts';
import { textOf, upstreamRequest } from '../../../../../test/kit/upstreams-conformance.ts';
import { cutBefore, type MemoryEndpoint } from '../../adapters/memory/upstreams.ts';
import type { NewUpstream } from './places.ts';

const text = { prompt: { kind: 'text', text: 'Once:' } } as const;

async function openCut(script: Partial<MemoryEndpoint> = {}, wanted: Partial<NewUpstream> = {}) {
  const endpoint = farEndpoint(script);
  const scene = await openUpstreamScene({ [URL_A]: endpoint });
  await scene.add(wanted);
  scene.upstreams.requests.length = 0;
  endpoint.beforeWord = cutBefore(4);
  return { ...scene, endpoint };
}

const kinds = (chunks: readonly Chunk[]): string[] =>
  chunks.map(({ kind }) => kind).filter((kind, at, all) => kind !== all[at - 1]);

describe('an upstream that breaks off', () => {
  test('in a text is asked to go on behind the text so far', async () => {
    await using scene = await openCut();
    const chunks = await passing(scene.clock, scene.ask({ ...text, maxTokens: 9 }));
    expect(textOf(chunks)).toBe(FAR_TEXT.split(' ').slice(0, 9).join(' '));
    expect(kinds(chunks)).toEqual(['delta', 'pause', 'delta', 'end', 'usage']);
    expect(chunks.at(-2)).toMatchObject({ reason: 'length' });
    const [first, second] = scene.upstreams.requests.map(({ asked }) => asked.request);
    expect(first).toMatchObject({ prompt: { text: 'Once:' }, maxTokens: 9 });
    expect(second).toMatchObject({ prompt: { text: 'Once:the lamp lifts the' }, maxTokens: 5 });
    expect(scene.serving.stats().resumed).toBe(1);
  });

  test('in a chat is asked for the rest of the message, where it can be', async () => {
    await using scene = await openCut();
    const chunks = await passing(scene.clock, scene.ask());
    expect(textOf(chunks)).toBe(FAR_TEXT);
    expect(scene.upstreams.requests.map(({ asked }) => asked.begun)).toEqual(['', 'the lamp lifts the']);
    const usage = chunks.at(-1);
    const each = { node: null, operator: null, tier: 'own', numericClass: null, upstream: true };
    expect(usage).toMatchObject({ usage: { completionTokens: 12 }, servedBy: [each, each] });
  });

  test.each([
    ['cannot go on with chats', {}, { models: [{ kind: 'other' }] }],
    ['had thought', {}, { first: [{ kind: 'reasoning', choice: 0, text: 'hm' }] }],
    ['had called a tool', {}, { first: [{ kind: 'tool-call', choice: 0, index: 0, id: 'a', name: 'look' }] }],
    ['held a form', { ...text, format: { kind: 'json' } }, {}],
    ['had tokens for a prompt', { prompt: { kind: 'tokens', tokens: [1, 2] } }, {}],
  ] as const)('and that %s ends the answer with an error', async (_, request, script) => {
    const { models = [{}], ...rest } = script as { models?: object[] };
    const known = { id: 'far-7b', kind: 'vllm', contextTokens: 4096, passedOn: false } as const;
    await using scene = await openCut({ ...rest, models: models.map((model) => ({ ...known, ...model })) });
    const asked = request as Parameters<typeof scene.ask>[0];
    const { chunks, failure } = await passing(scene.clock, gathered(scene, asked));
    expect(failure).toMatchObject({ code: 'UPSTREAM_CUT' });
    expect(textOf(chunks)).toBe('the lamp lifts the');
    expect(chunks.some(({ kind }) => kind === 'end')).toBe(false);
    expect(scene.upstreams.requests).toHaveLength(1);
  });

  test('before its first piece is asked the same again', async () => {
    await using scene = await openCut();
    scene.endpoint.beforeWord = cutBefore(0);
    const asked = { ...text, format: { kind: 'json' }, choices: 2 } as const;
    const chunks = await passing(scene.clock, scene.ask(asked));
    expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual([FAR_TEXT, FAR_TEXT]);
    expect(kinds(chunks)).toEqual(['delta', 'end', 'delta', 'end', 'usage']);
    expect(scene.upstreams.requests.map(({ asked: { request } }) => request.choices)).toEqual([2, 2]);
  });

  test('with choices that have ended, and one that has not, goes on with that alone', async () => {
    await using scene = await openCut();
    let words = 0;
    scene.endpoint.beforeWord = () => {
      words += 1;
      if (words === 15) cutBefore(0)(0);
    };
    const chunks = await passing(scene.clock, scene.ask({ choices: 3 }));
    expect([0, 1, 2].map((choice) => textOf(chunks, choice))).toEqual([FAR_TEXT, FAR_TEXT, FAR_TEXT]);
    expect(chunks.filter(({ kind }) => kind === 'end')).toHaveLength(3);
    expect(chunks.filter(({ kind }) => kind === 'pause')).toEqual([{ kind: 'pause', choice: 1 }]);
    const seeds = scene.upstreams.requests.map(({ asked: { request } }) => request.sampling.seed);
    expect(seeds).toEqual([7n, 8n, 9n]);
  });

  test('again and again is given up in the end', async () => {
    await using scene = await openCut();
    scene.endpoint.beforeWord = cutBefore(1, 100);
    const { chunks, failure } = await passing(scene.clock, gathered(scene, text));
    expect(failure).toMatchObject({ code: 'UPSTREAM_BROKEN' });
    expect(textOf(chunks)).toBe('the lamp lifts the');
    expect(scene.upstreams.requests).toHaveLength(4);
  });

  test('is left for another one at once', async () => {
    await using scene = await openCut();
    scene.upstreams.endpoints.set(URL_B, farEndpoint());
    await scene.add({ url: URL_B });
    scene.upstreams.requests.length = 0;
    const beforeWord = cutBefore(4);
    for (const script of scene.upstreams.endpoints.values()) script.beforeWord = beforeWord;
    const before = scene.clock.monotonicMs();
    expect(textOf(await scene.ask())).toBe(FAR_TEXT);
    expect(new Set(scene.upstreams.requests.map(({ url }) => url)).size).toBe(2);
    expect(scene.clock.monotonicMs()).toBe(before);
  });

  test('anywhere loses nothing and repeats nothing, whatever blanks there are', async () => {
    const words = fc.array(fc.constantFrom('ore', ' ', '\n', ' of', ' ', '  vein', '\t', '.'), {
      minLength: 2,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(words, fc.array(fc.nat(20), { maxLength: 3 }), async (pieces, cuts) => {
        const whole = pieces.join('').trimEnd();
        // As servers do: what goes on behind a trimmed beginning says the blank again.
        const answer: MemoryEndpoint['answer'] = ({ begun }) => whole.slice(begun.length);
        await using scene = await openCut({ answer });
        let at = 0;
        const left = [...cuts];
        scene.endpoint.beforeWord = () => {
          at += 1;
          if (left[0] !== undefined && at > left[0]) {
            left.shift();
            at = 0;
            cutBefore(0)(0);
          }
        };
        expect(textOf(await passing(scene.clock, scene.ask({ maxTokens: null })))).toBe(whole);
      }),
      { numRuns: 60 },
    );
  });
});

async function gathered(
  scene: Pick<Awaited<ReturnType<typeof openCut>>, 'serving' | 'ask'>,
  request: Parameters<typeof scene.ask>[0],
): Promise<{ chunks: Chunk[]; failure: unknown }> {
  const chunks: Chunk[] = [];
  const asked = { ...upstreamRequest('far-7b').request, model: 'far-7b', ...request };
  const answer = await scene.serving.complete(asked, { signal: AbortSignal.timeout(20_000) });
  try {
    for await (const chunk of answer.chunks) chunks.push(chunk);
    return { chunks, failure: null };
  } catch (failure) {
    return { chunks, failure };
  }
}

describe('a file of the same name', () => {
  const rates = () => [{ sessions: 1, prefill: 1, decode: 0.01 }];
  /** The scripted engine is asked with the text so far behind the prompt. */
  const answer = ({ text: asked }: { text: string }): string =>
    FAR_TEXT.slice(/(the lamp lifts the)?$/.exec(asked)?.[0].length ?? 0);
  const asks = [
    ['chat', {}],
    ['text', text],
  ] as const;

  test.each(asks)('goes on where the only upstream breaks off in a %s', async (_, request) => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint }, { rates, answer });
    await scene.add({ name: MODEL });
    endpoint.beforeWord = cutBefore(4);
    const asked = { ...request, model: MODEL, ignoreEos: false };
    const chunks = await passing(scene.clock, scene.ask(asked));
    expect(textOf(chunks)).toBe(FAR_TEXT);
    expect(kinds(chunks)).toEqual(['delta', 'pause', 'delta', 'end', 'usage']);
    expect(chunks.at(-1)).toMatchObject({ servedBy: [{ upstream: true }, { node: null, tier: 'own' }] });
    expect(scene.serving.stats()).toMatchObject({ active: 0, resumed: 1 });
  });

  test('whose answers begin with a thought does not, and says so', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint }, { rates, answer, inReasoning: true });
    await scene.add({ name: MODEL });
    endpoint.beforeWord = cutBefore(4);
    const { chunks, failure } = await passing(scene.clock, gathered(scene, { model: MODEL }));
    expect(failure).toMatchObject({ code: 'SERVE_BEGUN_IN_THOUGHT' });
    expect(textOf(chunks)).toBe('the lamp lifts the');
  });
});
