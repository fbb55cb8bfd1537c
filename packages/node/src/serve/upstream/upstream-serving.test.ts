import type { Chunk } from '@filon/core/serving/completion';
import type { Candidate } from '@filon/core/serving/routing';
import { upstreamError } from '@filon/core/upstream/errors';
import { describe, expect, test } from 'vitest';
import { MODEL } from '../../../../../test/kit/scripted-serving.ts';
import {
  FAR,
  FAR_TEXT,
  farEndpoint,
  openUpstreamScene,
  passing,
  URL_A,
  URL_B,
} from '../../../../../test/kit/upstream-scene.ts';
import { textOf, upstreamRequest } from '../../../../../test/kit/upstreams-conformance.ts';
import { cutBefore } from '../../adapters/memory/upstreams.ts';
import type { AnswerStart } from '../serving.ts';
import { UPSTREAMS_MAX } from './limits.ts';

const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(20_000) });
const KEY = 'sk-very-secret';

describe('an upstream', () => {
  test('is asked one small question, and then its model is one of this node’s', async () => {
    await using scene = await openUpstreamScene();
    const added = await scene.add({ key: KEY });
    expect(added).toMatchObject({
      ...{
        name: FAR,
        model: FAR,
        url: URL_A,
        kind: 'vllm',
        tier: 'own',
        contextTokens: 4096,
        sessionsMax: 32,
      },
      ...{ state: 'up', hasKey: true, firstTokenMs: expect.any(Number) },
    });
    expect(scene.upstreams.requests).toHaveLength(1);
    expect(scene.upstreams.requests[0]?.asked.request.maxTokens).toBe(16);
    expect((await scene.serving.models()).map(({ name, upstream }) => [name, upstream])).toEqual([
      [MODEL, undefined],
      [FAR, true],
    ]);
    expect(textOf(await scene.ask())).toBe(FAR_TEXT);
  });

  test('is a place of its own where a request is explained', async () => {
    await using scene = await openUpstreamScene();
    await scene.add();
    const question = { model: FAR, tier: 'own' as const, promptTokens: 10, answerTokens: 10 };
    const { model, routing } = await scene.serving.explain(question, soon());
    expect(model).toMatchObject({ name: FAR, stored: null });
    expect(routing.ranked).toMatchObject([
      { candidate: { node: null, replayable: false, upstream: { tier: 'own' } }, tier: 'own' },
    ]);
    const unknown = { ...question, model: 'nowhere' };
    await expect(scene.serving.explain(unknown, soon())).rejects.toMatchObject({
      code: 'SERVE_MODEL_UNKNOWN',
    });
  });

  test('keeps its key out of the store, the log and its own list', async () => {
    await using scene = await openUpstreamScene({ [URL_A]: farEndpoint({ key: KEY }) });
    await expect(scene.add()).rejects.toMatchObject({ code: 'UPSTREAM_KEY_REFUSED' });
    expect(scene.places.list()).toEqual([]);
    const added = await scene.add({ key: KEY });
    expect([...scene.keys]).toEqual([[added.id, KEY]]);
    expect(textOf(await scene.ask())).toBe(FAR_TEXT);
    scene.keys.delete(added.id);
    await expect(scene.ask()).rejects.toMatchObject({ code: 'UPSTREAM_KEY_REFUSED' });
    const told = JSON.stringify([scene.store.list('upstreams'), scene.log.lines, scene.places.list()]);
    expect(told).toContain(FAR);
    expect(told).not.toContain(KEY);
  });

  test.each([
    ['without the model', { models: [{ id: 'other' }] }, {}, 'UPSTREAM_MODEL_UNKNOWN'],
    ['that is down', { down: true }, {}, 'UPSTREAM_UNREACHABLE'],
    ['that would pass it on', { models: [{ id: FAR, passedOn: true }] }, {}, 'UPSTREAM_UNSUPPORTED'],
    ['at no address', {}, { url: 'nowhere' }, 'UPSTREAM_URL_INVALID'],
    ['that fails', { beforeWord: cutBefore(0) }, {}, 'UPSTREAM_BROKEN'],
  ] as const)('%s is not taken', async (_, script, wanted, code) => {
    const { models, ...rest } = script as { models?: object[] };
    const all = models?.map((model) => ({
      id: '',
      kind: 'other',
      contextTokens: null,
      passedOn: false,
      ...model,
    }));
    const endpoint = farEndpoint({ ...rest, ...(all && { models: all as never }) });
    await using scene = await openUpstreamScene({ [URL_A]: endpoint });
    await expect(scene.add({ ...wanted, key: KEY })).rejects.toMatchObject({ code });
    expect([scene.places.list(), scene.store.list('upstreams'), [...scene.keys]]).toEqual([[], [], []]);
  });

  test('that only makes vectors, or only goes on with texts, is taken', async () => {
    const refuses = (...wrong: string[]) =>
      farEndpoint({
        beforeWord: (_, { request }) => {
          if (!wrong.includes(request.prompt.kind)) return;
          throw upstreamError({ code: 'UPSTREAM_REFUSED', host: 'a', status: 400 }, 'not so');
        },
      });
    await using scene = await openUpstreamScene({
      [URL_A]: refuses('chat', 'text'),
      [URL_B]: refuses('chat'),
    });
    await scene.add();
    await scene.add({ url: URL_B });
    const { vectors, promptTokens } = await scene.serving.embed(
      { model: FAR, inputs: [{ kind: 'text', text: 'ore' }] },
      soon(),
    );
    expect([vectors.length, promptTokens > 0]).toEqual([1, true]);
  });

  test('is there again after a restart, and gone with its key once it is removed', async () => {
    await using scene = await openUpstreamScene();
    const { id } = await scene.add({ key: KEY, name: 'near' });
    await expect(scene.add({ name: 'other' })).rejects.toMatchObject({ code: 'UPSTREAM_EXISTS' });
    using again = scene.again();
    expect(again.list()).toMatchObject([{ id, name: 'near', model: FAR, hasKey: true }]);
    expect(() => scene.places.remove('far')).toThrow(expect.objectContaining({ code: 'UPSTREAM_UNKNOWN' }));
    expect(scene.places.remove('near')).toMatchObject({ id });
    expect([scene.store.list('upstreams'), [...scene.keys], scene.places.list()]).toEqual([[], [], []]);
    await expect(scene.ask()).rejects.toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
  });

  test('of a name that two have is removed by its id', async () => {
    await using scene = await openUpstreamScene({ [URL_A]: farEndpoint(), [URL_B]: farEndpoint() });
    const { id } = await scene.add();
    await scene.add({ url: URL_B });
    expect(() => scene.places.remove(FAR)).toThrow('by its id');
    scene.places.remove(id);
    expect(scene.places.list().map(({ url }) => url)).toEqual([URL_B]);
  });

  test('is one of at most so many', async () => {
    const urls = Array.from({ length: UPSTREAMS_MAX + 1 }, (_, at) => `http://10.0.1.${at}/v1`);
    await using scene = await openUpstreamScene(Object.fromEntries(urls.map((url) => [url, farEndpoint()])));
    for (const url of urls.slice(1)) await scene.add({ url });
    await expect(scene.add({ url: urls[0] ?? '' })).rejects.toMatchObject({ code: 'UPSTREAMS_FULL' });
  });
});

describe('what peers are told', () => {
  test('is name, speed, context and tier, and neither where it is nor its key', async () => {
    const long = 'x'.repeat(200);
    const endpoints = { [URL_A]: farEndpoint({ key: KEY }), [URL_B]: farEndpoint() };
    await using scene = await openUpstreamScene(endpoints);
    await scene.add({ key: KEY, sessionsMax: 3 });
    await scene.add({ url: URL_B, tier: 'open', sessionsMax: 5, name: 'wide' });
    const offers = (): readonly Candidate[] =>
      scene.serving
        .guests()
        .offers()
        .filter(({ upstream }) => upstream);
    expect(offers()).toMatchObject([
      {
        name: FAR,
        sessionsMax: 3,
        contextTokens: 4096,
        replayable: false,
        upstream: { tier: 'own', serves: 'own' },
      },
      { name: 'wide', sessionsMax: 5, upstream: { tier: 'open', serves: 'open', continuesChats: true } },
    ]);
    expect(JSON.stringify(offers())).not.toMatch(/10\.0\.0|8000|secret/);
    scene.places.remove('wide');
    await scene.add({ url: URL_B, tier: 'open', name: long });
    expect(offers().map(({ name }) => name)).toEqual([FAR]);
    endpoints[URL_A].down = true;
    await expect(passing(scene.clock, scene.ask())).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    expect(offers()).toEqual([]);
  });
});

describe('a name that a file and an upstream have', () => {
  const rated = (decode: number) => () => [{ sessions: 1, prefill: 100 * decode, decode }];
  test.each([
    ['cheaper', 1_000_000, 'file'],
    ['dearer', 0.01, 'upstream'],
  ] as const)('goes to the file that is %s', async (_, decode, expected) => {
    await using scene = await openUpstreamScene(undefined, { rates: rated(decode) });
    await scene.add({ name: MODEL });
    scene.upstreams.requests.length = 0;
    const question = { model: MODEL, tier: 'own' as const, promptTokens: 10, answerTokens: 10 };
    const { routing } = await scene.serving.explain(question, soon());
    expect(routing.ranked.map(({ candidate }) => candidate.upstream === undefined)).toEqual(
      expected === 'file' ? [true, false] : [false, true],
    );
    await scene.ask({ model: MODEL });
    expect(scene.upstreams.requests).toHaveLength(expected === 'file' ? 0 : 1);
  });

  test('goes to the file where the upstream fails before it has begun', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint }, { rates: rated(0.01) });
    await scene.add({ name: MODEL });
    endpoint.down = true;
    const chunks = await passing(scene.clock, scene.ask({ model: MODEL }));
    expect(textOf(chunks)).not.toBe('');
    expect(chunks.at(-1)).not.toMatchObject({ servedBy: [{ upstream: true }] });
  });
});

describe('a request', () => {
  test('goes to what is stored here first, and to an upstream within its tier alone', async () => {
    await using scene = await openUpstreamScene({ [URL_A]: farEndpoint() });
    await scene.add({ name: MODEL, tier: 'open' });
    scene.upstreams.requests.length = 0;
    const options = { ...soon(), tier: 'open' } as const;
    const { request } = upstreamRequest(MODEL);
    const here = await scene.serving.complete({ ...request, model: MODEL }, options);
    expect(textOf(await Array.fromAsync(here.chunks))).not.toBe('');
    expect(scene.upstreams.requests).toEqual([]);
    scene.places.remove(MODEL);
    await scene.add({ tier: 'trusted' });
    await expect(scene.ask()).rejects.toMatchObject({
      code: 'SERVE_MODEL_UNKNOWN',
      message: expect.stringContaining("an upstream of the tier 'trusted'"),
    });
    const there = await scene.serving.complete({ ...request, model: FAR }, options);
    expect(there.servedBy).toMatchObject([{ node: null, tier: 'trusted', upstream: true }]);
    expect(textOf(await Array.fromAsync(there.chunks))).toBe(FAR_TEXT);
  });

  test('that was passed on to this node is passed on to nobody', async () => {
    await using scene = await openUpstreamScene();
    await scene.add();
    const { request } = upstreamRequest(FAR);
    const passedOn = scene.serving.complete({ ...request, model: FAR }, { ...soon(), passedOn: true });
    await expect(passedOn).rejects.toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
  });

  test('that is refused there is refused, before any answer', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint });
    await scene.add();
    endpoint.beforeWord = () => {
      throw upstreamError({ code: 'UPSTREAM_REFUSED', host: 'a', status: 400 }, 'too long');
    };
    await expect(scene.ask()).rejects.toMatchObject({ code: 'UPSTREAM_REFUSED' });
    expect(scene.places.list()).toMatchObject([{ state: 'up', active: 0 }]);
    expect(scene.serving.stats().active).toBe(0);
  });

  test('to count tokens, and to resume, is refused', async () => {
    await using scene = await openUpstreamScene();
    await scene.add();
    await expect(
      scene.serving.countTokens({ model: FAR, prompt: { kind: 'text', text: 'x' } }, soon()),
    ).rejects.toMatchObject({ code: 'UPSTREAM_UNSUPPORTED' });
    const begun: AnswerStart[] = [];
    const recorder = { begun: (start: AnswerStart) => void begun.push(start), event: () => undefined };
    const request = { ...upstreamRequest(FAR).request, model: FAR };
    const answer = await scene.serving.complete(request, { ...soon(), recorder });
    await answer.chunks[Symbol.asyncIterator]().return?.();
    const [start] = begun;
    if (start === undefined) throw new RangeError('it was not recorded');
    await expect(
      scene.serving.complete(request, { ...soon(), resume: { start, events: [] } }),
    ).rejects.toMatchObject({ code: 'UPSTREAM_CUT' });
  });

  test('whose reader leaves, at once or later, frees its place', async () => {
    const held = Promise.withResolvers<void>();
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint });
    await scene.add();
    endpoint.beforeWord = async (at) => (at === 2 ? await held.promise : undefined);
    const request = { ...upstreamRequest(FAR).request, model: FAR };
    const unread = await scene.serving.complete(request, soon());
    const read = await scene.serving.complete(request, soon());
    const chunks = read.chunks[Symbol.asyncIterator]();
    await chunks.next();
    expect([scene.upstreams.running, scene.places.list()[0]?.active, scene.serving.stats().active]).toEqual([
      2, 2, 2,
    ]);
    await chunks.return?.();
    await unread.chunks[Symbol.asyncIterator]().return?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect([scene.upstreams.running, scene.places.list()[0]?.active, scene.serving.stats().active]).toEqual([
      0, 0, 0,
    ]);
  });

  test('waits for a place where all are taken, and the end of the node ends it', async () => {
    const held = Promise.withResolvers<void>();
    const endpoint = farEndpoint();
    const scene = await openUpstreamScene({ [URL_A]: endpoint });
    await scene.add({ sessionsMax: 1 });
    endpoint.beforeWord = async (at) => (at === 2 ? await held.promise : undefined);
    const request = { ...upstreamRequest(FAR).request, model: FAR };
    const running = await scene.serving.complete(request, soon());
    const reading = Array.fromAsync(running.chunks);
    const waiting = scene.serving.complete(request, soon());
    const ended = Promise.allSettled([reading, waiting]);
    await settled();
    expect(scene.serving.stats()).toMatchObject({ active: 1, queued: 1 });
    await scene[Symbol.asyncDispose]();
    const stopping = { status: 'rejected', reason: expect.objectContaining({ code: 'SERVE_STOPPING' }) };
    expect(await ended).toEqual([stopping, stopping]);
  });
});

describe('an upstream that fails', () => {
  test('is left alone longer and longer, and is back when it answers', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint });
    await scene.add();
    endpoint.down = true;
    await expect(passing(scene.clock, scene.ask(), 100)).rejects.toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    });
    expect(scene.places.list()).toMatchObject([{ state: 'down', reason: 'UPSTREAM_UNREACHABLE' }]);
    const events = (): string[] => scene.log.lines.map(({ event }) => event);
    expect(events().filter((event) => event === 'upstream.down')).toHaveLength(1);
    const asked = scene.upstreams.requests.length;
    scene.clock.advance(60_000);
    await settled();
    // No request is spent on finding out.
    expect(scene.upstreams.requests).toHaveLength(asked);
    await expect(scene.ask()).rejects.toMatchObject({
      ...{ code: 'UPSTREAM_DOWN', details: { retryAfterSeconds: expect.any(Number) } },
    });
    endpoint.down = false;
    scene.clock.advance(120_000);
    await settled();
    expect(scene.places.list()).toMatchObject([{ state: 'up', reason: '' }]);
    expect(events().at(-1)).toBe('upstream.up');
    expect(textOf(await scene.ask())).toBe(FAR_TEXT);
  });

  test('for a moment only makes the request wait', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: endpoint });
    await scene.add();
    endpoint.down = true;
    const asked = scene.ask();
    await settled();
    endpoint.down = false;
    expect(textOf(await passing(scene.clock, asked, 100))).toBe(FAR_TEXT);
  });

  test('makes the node no less ready, where another one answers', async () => {
    const first = farEndpoint();
    await using scene = await openUpstreamScene({ [URL_A]: first, [URL_B]: farEndpoint() });
    await scene.add();
    await scene.add({ url: URL_B });
    first.down = true;
    for (let at = 0; at < 4; at += 1) expect(textOf(await scene.ask())).toBe(FAR_TEXT);
    expect(await scene.serving.readiness()).toMatchObject({ ready: true });
    const inputs = [{ kind: 'text', text: 'ore' }] as [{ kind: 'text'; text: string }];
    expect((await scene.serving.embed({ model: FAR, inputs }, soon())).vectors).toHaveLength(1);
  });
});

test('what upstreams do is measured, and the faster one is asked', async () => {
  const slow = farEndpoint();
  const fast = farEndpoint();
  await using scene = await openUpstreamScene({ [URL_A]: slow, [URL_B]: fast });
  const wait = (ms: number) => async (): Promise<void> => scene.clock.advance(ms);
  slow.beforeWord = wait(100);
  fast.beforeWord = wait(10);
  const long = { messages: [{ role: 'user', content: 'x'.repeat(200) }], kind: 'chat' } as const;
  await scene.add();
  await scene.add({ url: URL_B });
  await scene.ask({ prompt: long });
  await scene.ask({ prompt: long });
  const [a, b] = ['A', 'B'].map((_, at) => scene.places.list().find(({ url }) => url === [URL_A, URL_B][at]));
  expect(a).toMatchObject({ firstTokenMs: 100, rates: [{ sessions: 1, decode: 10 }] });
  expect(b).toMatchObject({ firstTokenMs: 10, rates: [{ sessions: 1, decode: 100 }] });
  scene.upstreams.requests.length = 0;
  for (let at = 0; at < 3; at += 1) await scene.ask({ prompt: long });
  expect(scene.upstreams.requests.map(({ url }) => url)).toEqual([URL_B, URL_B, URL_B]);
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('what came while the reader was away is not taken for speed', async () => {
  const endpoint = farEndpoint();
  await using scene = await openUpstreamScene({ [URL_A]: endpoint });
  await scene.add();
  let isWaiting = false;
  endpoint.beforeWord = async () => scene.clock.advance(isWaiting ? 0.01 : 100);
  const request = { ...upstreamRequest(FAR).request, model: FAR };
  let pieces = 0;
  for await (const { kind } of (await scene.serving.complete(request, soon())).chunks) {
    if (kind !== 'delta') continue;
    pieces += 1;
    if (pieces !== 3) continue;
    scene.clock.advance(5000);
    isWaiting = true;
  }
  expect(pieces).toBeGreaterThan(8);
  const [{ rates } = { rates: [] }] = scene.places.list();
  expect(rates.filter(({ decode }) => decode > 10)).toEqual([]);
});

test('an endpoint that knows no end is left, and the answer is as long as it may be', async () => {
  const endpoint = farEndpoint();
  await using scene = await openUpstreamScene({ [URL_A]: endpoint });
  await scene.add();
  const piece: Chunk = { kind: 'delta', choice: 0, text: 'and so on ', logprobs: [] };
  endpoint.first = Array.from({ length: 1000 }, () => piece);
  const chunks = await scene.ask({ maxTokens: 5 });
  const pieces = chunks.filter(({ kind }) => kind === 'delta');
  expect(pieces.length).toBeGreaterThanOrEqual(5);
  expect(pieces.length).toBeLessThanOrEqual(36);
  expect(chunks.find(({ kind }) => kind === 'end')).toMatchObject({ reason: 'length' });
  expect(scene.places.list()).toMatchObject([{ state: 'down' }]);
});
