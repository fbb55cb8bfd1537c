/** Whatever an endpoint does, it costs this node a bounded time and memory, and ends in an error that says what it was. */
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import type { Chunk } from '@filon/core/serving/completion';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  beginEvents,
  chatPiece,
  eventText,
  type FakeEndpoint,
  openFakeEndpoint,
  openFakeSocket,
  type Say,
  sayJson,
} from '../../../../../test/kit/fake-endpoint.ts';
import { textOf, upstreamRequest } from '../../../../../test/kit/upstreams-conformance.ts';
import type { Endpoint } from '../../ports/upstreams.ts';
import { createHttpUpstreams } from './http-upstreams.ts';
import { UPSTREAM_LIMITS, type UpstreamLimits } from './limits.ts';

const KEY = 'sk-very-secret';
const opened: FakeEndpoint[] = [];

afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint[Symbol.asyncDispose]();
});

function remembered(endpoint: FakeEndpoint): FakeEndpoint {
  opened.push(endpoint);
  return endpoint;
}

const fake = async (say: Say): Promise<FakeEndpoint> => remembered(await openFakeEndpoint(say));
const bytes = async (...said: Parameters<typeof openFakeSocket>): Promise<FakeEndpoint> =>
  remembered(await openFakeSocket(...said));
const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(20_000) });

interface Asking {
  limits?: Partial<UpstreamLimits>;
  request?: Parameters<typeof upstreamRequest>[1];
  kind?: Endpoint['kind'];
  /** Sees each chunk as it comes. */
  chunks?: Chunk[];
}

async function ask({ url }: FakeEndpoint, asking: Asking = {}): Promise<Chunk[]> {
  const { limits = {}, request = {}, kind = 'other', chunks = [] } = asking;
  const upstreams = createHttpUpstreams({ ...UPSTREAM_LIMITS, ...limits });
  const endpoint = { url, kind, key: KEY, fingerprint: null };
  const asked = upstreamRequest('m', { ...request });
  for await (const chunk of upstreams.complete(endpoint, asked, soon())) chunks.push(chunk);
  return chunks;
}

const streamed =
  (...pieces: readonly string[]): Say =>
  (response) => {
    beginEvents(response);
    response.end(pieces.join(''));
  };
const DONE = eventText('[DONE]');
const END = chatPiece({}, { finish_reason: 'stop' });

describe('an endpoint that does not answer', () => {
  test.each([301, 302, 307, 308, 399])(
    'with HTTP %d is not followed, and its key goes nowhere',
    async (status) => {
      const there = await fake((response) => sayJson(response, {}));
      const here = await fake((response) => void response.writeHead(status, { location: there.url }).end());
      await expect(ask(here)).rejects.toMatchObject({ code: 'UPSTREAM_REDIRECTED', details: { status } });
      expect([here.asked.length, there.asked.length]).toEqual([1, 0]);
    },
  );

  test('never ends its headers', async () => {
    const here = await bytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const more = (): void => void (socket.writable && socket.write('x-a: b\r\n', () => setImmediate(more)));
      more();
    });
    await expect(ask(here)).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    await vi.waitFor(() => expect(here.connections()).toBe(0));
  });

  test('is silent, or says only that it goes on', async () => {
    const silent = await bytes(() => undefined);
    const limits = { answerMs: 50 };
    await expect(ask(silent, { limits })).rejects.toThrow('did not answer within 50 ms');
    const patient = await bytes((socket) => {
      const more = (): void =>
        void (socket.writable && socket.write('HTTP/1.1 102 Processing\r\n\r\n', () => setImmediate(more)));
      more();
    });
    await expect(ask(patient, { limits })).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    await vi.waitFor(() => expect([silent.connections(), patient.connections()]).toEqual([0, 0]));
  });

  test.each([
    [400, 'UPSTREAM_REFUSED'],
    [404, 'UPSTREAM_FAILED'],
    [422, 'UPSTREAM_REFUSED'],
    [429, 'UPSTREAM_BUSY'],
    [500, 'UPSTREAM_FAILED'],
    [503, 'UPSTREAM_BUSY'],
  ])('with HTTP %d is repeated in few words, cleaned and without the key', async (status, code) => {
    const words = `no \u001b[31m ${KEY}\n\u202e ${'x'.repeat(5000)}`;
    const here = await fake((response) => {
      response.setHeader('retry-after', '7');
      sayJson(response, { error: { message: words } }, status);
    });
    const failure = await ask(here).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    if (code === 'UPSTREAM_BUSY') expect(failure).toMatchObject({ details: { retryAfterSeconds: 7 } });
    const { message } = failure as Error;
    expect(message).toContain('no [31m [key] x');
    expect(message.length).toBeLessThan(500);
    expect(message).not.toContain(KEY);
    expect(here.asked[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test.each([401, 403])('with HTTP %d is not repeated at all', async (status) => {
    const here = await fake((response) =>
      sayJson(response, { error: `wrong key ${KEY.slice(0, 9)}` }, status),
    );
    const failure = await ask(here).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UPSTREAM_KEY_REFUSED' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(KEY.slice(0, 9));
  });

  test('and whose refusal never ends is left', async () => {
    const here = await fake((response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      const more = (): void =>
        void (response.writable && response.write('x'.repeat(1000), () => setImmediate(more)));
      more();
    });
    await expect(ask(here)).rejects.toMatchObject({ code: 'UPSTREAM_REFUSED' });
    await vi.waitFor(() => expect(here.connections()).toBe(0));
  });
});

describe('a stream', () => {
  const limits = { eventCharactersMax: 10_000, answerBytesMax: 100_000, quietMs: 200, answerMs: 200 };

  test.each([
    ['an endless line', 'x'.repeat(1000)],
    ['an endless event', 'data: x\n'],
    ['endless comments', ': waiting\n\n'],
    ['endless empty pieces', chatPiece({ content: '' })],
    ['an endless answer', chatPiece({ content: 'x'.repeat(1000) })],
  ])('with %s is cut', async (_, piece) => {
    const here = await fake((response) => {
      beginEvents(response);
      const more = (): void => void (response.writable && response.write(piece, () => setImmediate(more)));
      more();
    });
    await expect(ask(here, { limits })).rejects.toMatchObject({
      code: expect.stringMatching(/^UPSTREAM_(BROKEN|STALLED)$/),
    });
    await vi.waitFor(() => expect(here.connections()).toBe(0));
  });

  test.each(['gzip', 'br', 'identity, gzip'])('that is packed as %s is not unpacked', async (encoding) => {
    const here = await fake((response) => {
      beginEvents(response, { 'content-encoding': encoding });
      response.end(gzipSync(Buffer.alloc(10_000_000)));
    });
    await expect(ask(here)).rejects.toMatchObject({ code: 'UPSTREAM_BROKEN' });
    expect(here.asked[0]?.headers['accept-encoding']).toBe('identity');
  });

  test('that stands still is cut, and what came is kept', async () => {
    const here = await fake((response) => {
      beginEvents(response);
      response.write(chatPiece({ content: 'the' }));
    });
    const chunks: Chunk[] = [];
    const failing = ask(here, { limits, chunks });
    await expect(failing).rejects.toMatchObject({ code: 'UPSTREAM_STALLED', details: { quietMs: 200 } });
    expect(textOf(chunks)).toBe('the');
  });

  test('is not cut because its reader takes its time', async () => {
    const here = await fake(streamed(chatPiece({ content: 'a' }), chatPiece({ content: 'b' }), END, DONE));
    const upstreams = createHttpUpstreams({ ...UPSTREAM_LIMITS, quietMs: 20, endMs: 20 });
    const endpoint = { url: here.url, kind: 'other', key: null, fingerprint: null } as const;
    const chunks: Chunk[] = [];
    for await (const chunk of upstreams.complete(endpoint, upstreamRequest('m'), soon())) {
      chunks.push(chunk);
      await once(AbortSignal.timeout(60), 'abort');
    }
    expect(textOf(chunks)).toBe('ab');
  });

  test.each([
    ['is another type', (response) => sayJson(response, { choices: [] })],
    ['is a page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['is no JSON', streamed(eventText('{'))],
    ['is deeply nested', streamed(eventText('['.repeat(100_000)))],
    ['is an array', streamed(eventText('[]'))],
    ['has a wrong text', streamed(chatPiece({ content: 7 }))],
    ['has a choice too many', streamed(eventText({ choices: [{ index: 1, delta: { content: 'x' } }] }))],
    ['has a negative choice', streamed(eventText({ choices: [{ index: -1, delta: {} }] }))],
    ['has an unknown end', streamed(chatPiece({}, { finish_reason: 'abort' }))],
    ['has an end that is a word of every object', streamed(chatPiece({}, { finish_reason: 'constructor' }))],
    ['counts below nothing', streamed(eventText({ choices: [], usage: { prompt_tokens: -1 } }))],
    ['calls nothing', streamed(chatPiece({ tool_calls: [{ index: 0, id: 'a', function: {} }] }))],
    [
      'goes back among its calls',
      streamed(
        chatPiece({ tool_calls: [{ index: 1, function: { name: 'a' } }] }),
        chatPiece({ tool_calls: [{ index: 0, function: { name: 'b' } }] }),
      ),
    ],
    [
      'calls too often',
      streamed(
        ...Array.from({ length: 200 }, (_, index) =>
          chatPiece({ tool_calls: [{ index, function: { name: 'a' } }] }),
        ),
      ),
    ],
    ['ends early', streamed(chatPiece({ content: 'x' }))],
    ['ends early, as if it were done', streamed(chatPiece({ content: 'x' }), DONE)],
    ['says nothing', streamed()],
    [
      'breaks off',
      (response) => {
        beginEvents(response);
        response.write(chatPiece({ content: 'x' }), () => response.destroy());
      },
    ],
    [
      'is no UTF-8',
      (response) => {
        beginEvents(response);
        response.end(Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a]));
      },
    ],
  ] satisfies [string, Say][])('that %s is broken', async (_, say) => {
    const here = await fake(say);
    await expect(ask(here)).rejects.toMatchObject({ code: 'UPSTREAM_BROKEN' });
    await vi.waitFor(() => expect(here.connections()).toBe(0));
  });

  test('that fails says so, without the key', async () => {
    const here = await fake(
      streamed(chatPiece({ content: 'x' }), eventText({ error: { message: `bad ${KEY}`, code: 500 } })),
    );
    const failure = await ask(here).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'UPSTREAM_FAILED', message: expect.stringContaining('bad [key]') });
  });

  test('whose end is there is whole, whatever comes behind it', async () => {
    for (const rest of [DONE, '', eventText('{'), ': ', chatPiece({ content: 'y' })]) {
      const chunks = await ask(await fake(streamed(chatPiece({ content: 'x' }), END, rest)));
      expect(chunks).toEqual([
        { kind: 'delta', choice: 0, text: 'x', logprobs: [] },
        { kind: 'end', choice: 0, reason: 'stop' },
      ]);
    }
  });
});

test('a choice does not go on behind its end while others run', async () => {
  const here = await fake(streamed(END, chatPiece({ content: 'x' })));
  await expect(ask(here, { request: { choices: 2 } })).rejects.toThrow('goes on behind an end');
});

describe('bodies that are no stream', () => {
  const limits = { ...UPSTREAM_LIMITS, bodyBytesMax: 10_000, quietMs: 200 };
  const models = async (here: FakeEndpoint): Promise<unknown> =>
    await createHttpUpstreams(limits).models({ url: here.url, key: KEY, fingerprint: null }, soon());
  const embed = async (here: FakeEndpoint): Promise<unknown> => {
    const inputs = [{ kind: 'text', text: 'a' } as const, { kind: 'text', text: 'b' } as const];
    const endpoint = { url: here.url, kind: 'other', key: KEY, fingerprint: null } as const;
    return await createHttpUpstreams(limits).embed(endpoint, { model: 'm', inputs }, soon());
  };

  test.each([
    ['too long', { data: [], more: 'x'.repeat(20_000) }],
    ['no list', { data: 'x' }],
    ['a model without a name', { data: [{ id: '' }] }],
    ['a name without end', { data: [{ id: 'x'.repeat(2000) }] }],
  ])('a list of models that is %s is broken', async (_, value) => {
    const here = await fake((response) => sayJson(response, value));
    await expect(models(here)).rejects.toMatchObject({ code: 'UPSTREAM_BROKEN' });
  });

  test('a list that drips is cut', async () => {
    const here = await fake((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => void (response.writable && response.write(' ', () => setTimeout(more, 20)));
      more();
    });
    await expect(models(here)).rejects.toMatchObject({ code: 'UPSTREAM_STALLED' });
  });

  test('facts of a model that make no sense are not known', async () => {
    const odd = { id: 'm', owned_by: 7, max_model_len: -1, meta: 'x', filon: [] };
    const here = await fake((response) => sayJson(response, { data: [odd] }));
    expect(await models(here)).toEqual([{ id: 'm', kind: 'other', contextTokens: null, passedOn: false }]);
  });

  test.each([
    ['too few', [{ index: 0, embedding: [1] }]],
    ['twice the same', [0, 0].map((index) => ({ index, embedding: [1] }))],
    ['of several lengths', [0, 1].map((index) => ({ index, embedding: Array(1 + index).fill(1) }))],
    ['empty', [0, 1].map((index) => ({ index, embedding: [] }))],
    ['no numbers', [0, 1].map((index) => ({ index, embedding: ['x'] }))],
  ])('vectors that are %s are broken', async (_, data) => {
    const here = await fake((response) => sayJson(response, { data }));
    await expect(embed(here)).rejects.toMatchObject({ code: 'UPSTREAM_BROKEN' });
  });
});
