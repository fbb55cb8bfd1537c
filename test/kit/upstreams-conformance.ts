/** What every adapter of the Upstreams port must do. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { Endpoint, UpstreamRequest, Upstreams } from '@filon/node/ports/upstreams';
import { describe, expect, test, vi } from 'vitest';

export interface UpstreamsHarness extends AsyncDisposable {
  upstreams: Upstreams;
  endpoint: Endpoint;
  /** An address at which nobody listens. */
  nobody: Endpoint;
  /** The one model of the endpoint. */
  model: string;
  /** Its answer to everything, of several words. */
  text: string;
  /** Answers that run there now. */
  running(): number;
  /** Answers wait before their fourth word until it is called. */
  hold(): () => void;
  /** The answer that comes next breaks off before its fourth word. */
  breakNext(): void;
}

export function upstreamRequest(
  model: string,
  request: Partial<Omit<CompletionRequest, 'model'>> = {},
): UpstreamRequest {
  return {
    ...{ model, begun: '', contextTokens: null },
    request: {
      prompt: { kind: 'chat', messages: [{ role: 'user', content: 'What is in the mine?' }] },
      ...{ choices: 1, maxTokens: 64, sampling: { ...DEFAULT_SAMPLING, seed: 7n }, stop: [] },
      ...{ format: { kind: 'text' }, topLogprobs: null, ignoreEos: false },
      ...request,
    },
  };
}

export function textOf(chunks: readonly Chunk[], choice = 0): string {
  return chunks
    .map((chunk) => (chunk.kind === 'delta' && chunk.choice === choice ? chunk.text : ''))
    .join('');
}

/** Longer than any of these takes on a slow machine, shorter than a test's own limit. */
const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(20_000) });

export function describeUpstreams(name: string, open: () => Promise<UpstreamsHarness>): void {
  const ask = (
    { upstreams, endpoint, model }: UpstreamsHarness,
    request: Partial<Omit<CompletionRequest, 'model'>> = {},
  ): Promise<Chunk[]> =>
    Array.fromAsync(upstreams.complete(endpoint, upstreamRequest(model, request), soon()));

  describe(`upstreams: ${name}`, () => {
    test('what is there is listed', async () => {
      await using harness = await open();
      const { upstreams, endpoint, model } = harness;
      const [only, ...others] = await upstreams.models(endpoint, soon());
      expect(others).toEqual([]);
      expect(only).toEqual({ id: model, kind: endpoint.kind, contextTokens: 2048, passedOn: false });
    });

    test.each([
      ['a chat', { kind: 'chat', messages: [{ role: 'user', content: 'Hello' }] }],
      ['a text', { kind: 'text', text: 'Once' }],
      ['tokens', { kind: 'tokens', tokens: [257, 264] }],
    ] as const)('%s is answered in pieces, with an end and the usage', async (_, prompt) => {
      await using harness = await open();
      const kind = prompt.kind;
      const chunks = await ask(harness, {
        prompt: kind === 'tokens' ? { kind, tokens: [257, 264] } : prompt,
      });
      expect(textOf(chunks)).toBe(harness.text);
      expect(chunks.length).toBeGreaterThan(4);
      const [end, usage] = chunks.slice(-2);
      expect(end).toEqual({ kind: 'end', choice: 0, reason: 'stop' });
      expect(usage).toMatchObject({ kind: 'usage', usage: { promptTokens: expect.any(Number) } });
      expect(usage?.kind === 'usage' && usage.usage.completionTokens).toBeGreaterThan(4);
    });

    test('the length, stop strings, log-probabilities and choices are passed on', async () => {
      await using harness = await open();
      const short = await ask(harness, { maxTokens: 2, topLogprobs: 3 });
      expect(short.find(({ kind }) => kind === 'end')).toMatchObject({ reason: 'length' });
      const logprobs = short.flatMap((chunk) => (chunk.kind === 'delta' ? chunk.logprobs : []));
      expect(logprobs).toHaveLength(2);
      expect(logprobs[0]).toMatchObject({ logprob: expect.any(Number), bytes: expect.any(Uint8Array) });
      expect(logprobs[0]?.top).toHaveLength(3);
      const [, , third = ''] = harness.text.split(' ');
      const stopped = await ask(harness, { stop: [` ${third}`] });
      expect(textOf(stopped)).toBe(harness.text.slice(0, harness.text.indexOf(` ${third}`)));
      const twice = await ask(harness, { choices: 2 });
      expect([textOf(twice, 0), textOf(twice, 1)]).toEqual([harness.text, harness.text]);
      expect(twice.filter(({ kind }) => kind === 'end')).toHaveLength(2);
    });

    test('vectors come one an input, in order', async () => {
      await using harness = await open();
      const { upstreams, endpoint, model } = harness;
      const inputs = Array.from({ length: 70 }, (_, at) => ({ kind: 'text', text: `ore ${at}` }) as const);
      const { vectors, promptTokens } = await upstreams.embed(endpoint, { model, inputs }, soon());
      expect(vectors).toHaveLength(70);
      expect(promptTokens).toBeGreaterThan(70);
      const [last] = (await upstreams.embed(endpoint, { model, inputs: inputs.slice(-1) }, soon())).vectors;
      expect(vectors.at(-1)).toEqual(last);
      expect(vectors[0]).not.toEqual(last);
      const chat = { kind: 'chat', messages: [] } as const;
      await expect(upstreams.embed(endpoint, { model, inputs: [chat] }, soon())).rejects.toMatchObject({
        code: 'UPSTREAM_UNSUPPORTED',
      });
    });

    test.each(['abort', 'leave'] as const)('to %s an answer ends it there', async (way) => {
      await using harness = await open();
      const { upstreams, endpoint, model } = harness;
      const release = harness.hold();
      const reason = new RangeError('enough');
      const leaving = new AbortController();
      const chunks = upstreams.complete(endpoint, upstreamRequest(model), leaving)[Symbol.asyncIterator]();
      await chunks.next();
      expect(harness.running()).toBe(1);
      if (way === 'abort') {
        const ended = Array.fromAsync({ [Symbol.asyncIterator]: () => chunks });
        leaving.abort(reason);
        await expect(ended).rejects.toBe(reason);
      } else await chunks.return?.();
      await vi.waitFor(() => expect(harness.running()).toBe(0), { timeout: 10_000 });
      release();
    });

    test('an answer that breaks off is an error, and what came before it is kept', async () => {
      await using harness = await open();
      const { upstreams, endpoint, model, text } = harness;
      harness.breakNext();
      const chunks: Chunk[] = [];
      const failing = async (): Promise<void> => {
        for await (const chunk of upstreams.complete(endpoint, upstreamRequest(model), soon()))
          chunks.push(chunk);
      };
      await expect(failing()).rejects.toMatchObject({
        code: expect.stringMatching(/^UPSTREAM_(BROKEN|FAILED)$/),
      });
      expect(text.startsWith(textOf(chunks))).toBe(true);
      expect(textOf(chunks)).not.toBe('');
      expect(chunks.some(({ kind }) => kind === 'end')).toBe(false);
      expect(textOf(await ask(harness))).toBe(text);
    });

    test('a model that is not there, and nobody at all, are errors', async () => {
      await using harness = await open();
      const { upstreams, endpoint, nobody, model } = harness;
      const other = upstreamRequest('other');
      await expect(Array.fromAsync(upstreams.complete(endpoint, other, soon()))).rejects.toMatchObject({
        code: 'UPSTREAM_FAILED',
        details: { status: 404 },
      });
      await expect(upstreams.models(nobody, soon())).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
      await expect(
        Array.fromAsync(upstreams.complete(nobody, upstreamRequest(model), soon())),
      ).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
      await expect(
        Array.fromAsync(
          upstreams.complete(endpoint, other, { signal: AbortSignal.abort(new RangeError('no')) }),
        ),
      ).rejects.toThrow('no');
    });
  });
}
