/** Upstreams of other nodes: answers by text over real messages, failed over by text, left, limited, and checked. */
import {
  COMPLETION_PROTOCOL,
  type CompletionTell,
  completionAsks,
  completionTells,
} from '@filon/core/answering/completion-messages';
import type { CompletionChunk } from '@filon/core/answering/completion-schemas';
import { ANSWER_FRAME_BYTES_MAX } from '@filon/core/answering/limits';
import type { Chunk } from '@filon/core/serving/completion';
import { upstreamError } from '@filon/core/upstream/errors';
import { describe, expect, test } from 'vitest';
import { keyOf } from '../../../../../test/kit/answering-swarm.ts';
import { FAR, FAR_TEXT, farEndpoint, passing, URL_A, URL_B } from '../../../../../test/kit/upstream-scene.ts';
import { openUpstreamSwarm, type UpstreamSwarm } from '../../../../../test/kit/upstream-swarm.ts';
import { textOf, upstreamRequest } from '../../../../../test/kit/upstreams-conformance.ts';
import { cutBefore } from '../../adapters/memory/upstreams.ts';
import type { Channel } from '../../ports/network.ts';
import { DEFAULT_GUEST_RULES, type GuestRules } from './answer-limits.ts';

const never = new AbortController().signal;
const words = FAR_TEXT.split(' ');

async function asked(
  { clock, driver }: UpstreamSwarm,
  ...[request, options]: Parameters<UpstreamSwarm['driver']['ask']>
): Promise<Chunk[]> {
  return await passing(clock, driver.ask(request, options));
}

/** What came before it failed, and how. */
async function gathered(scene: UpstreamSwarm): Promise<{ text: string; failure: unknown }> {
  const chunks: Chunk[] = [];
  const reading = async (): Promise<unknown> => {
    try {
      const request = { ...upstreamRequest(FAR).request, model: FAR };
      const answer = await scene.driver.serving.complete(request, { signal: never });
      for await (const chunk of answer.chunks) chunks.push(chunk);
    } catch (error) {
      return error;
    }
    return null;
  };
  const failure = await passing(scene.clock, reading());
  return { text: textOf(chunks), failure };
}

const rules = (change: Partial<GuestRules['own']>): GuestRules => {
  const rule = { ...DEFAULT_GUEST_RULES.own, ...change };
  return { own: rule, trusted: rule, open: rule };
};

describe('an upstream of another node', () => {
  test('is a model of this one, marked, and answers a chat', async () => {
    await using scene = await openUpstreamSwarm([{}]);
    expect(await scene.driver.serving.models()).toMatchObject([
      { name: FAR, upstream: true, elsewhere: 'own', trainedContextTokens: 4096 },
    ]);
    const chunks = await asked(scene);
    expect(textOf(chunks)).toBe(FAR_TEXT);
    expect(chunks.at(-1)).toMatchObject({
      usage: { completionTokens: words.length },
      servedBy: [{ node: keyOf('host0'), tier: 'own', upstream: true, numericClass: null }],
    });
    expect(scene.swarm.outcomes).toMatchObject([{ kind: 'answered', node: keyOf('host0') }]);
  });

  test('gets all that a local one would, and its calls of tools come back', async () => {
    const first: Chunk[] = [
      { kind: 'reasoning', choice: 0, text: 'hm' },
      { kind: 'tool-call', choice: 0, index: 0, id: 'a', name: 'look' },
      { kind: 'tool-arguments', choice: 0, index: 0, text: '{"at":1}' },
    ];
    await using scene = await openUpstreamSwarm([{ endpoints: { [URL_A]: farEndpoint({ first }) } }]);
    const schema = { type: 'object', properties: { at: { type: 'integer' } } };
    const request = {
      prompt: {
        ...{ kind: 'chat' as const, messages: [{ role: 'user' as const, content: 'Look.' }] },
        tools: [{ name: 'look', description: 'looks', parameters: schema }],
      },
      ...{ stop: ['copper'], topLogprobs: 2, choices: 2 },
    };
    const chunks = await asked(scene, request);
    const { asked: got } = scene.hosts[0]?.scene.upstreams.requests[0] ?? {};
    expect(got?.request).toMatchObject(request);
    expect(chunks.slice(0, 3)).toEqual(first);
    const delta = chunks.find(({ kind }) => kind === 'delta');
    expect(delta).toMatchObject({ logprobs: [{ top: [{}, {}] }] });
    expect(chunks.filter(({ kind }) => kind === 'end')).toMatchObject([
      { stop: 'copper' },
      { stop: 'copper' },
    ]);
    const formed = await asked(scene, { format: { kind: 'schema', schema } });
    expect(textOf(formed)).toBe(FAR_TEXT);
    expect(scene.hosts[0]?.scene.upstreams.requests.at(-1)?.asked.request.format).toMatchObject({ schema });
  });

  test('that is left by its reader is left by the node that has it', async () => {
    await using scene = await openUpstreamSwarm([{}]);
    const { scene: host } = scene.hosts[0] ?? {};
    const answer = await passing(
      scene.clock,
      scene.driver.serving.complete({ ...upstreamRequest(FAR).request, model: FAR }, { signal: never }),
    );
    const reader = answer.chunks[Symbol.asyncIterator]();
    await passing(scene.clock, reader.next());
    expect(host?.upstreams.running).toBe(1);
    await passing(scene.clock, Promise.resolve(reader.return?.()));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(host?.upstreams.running).toBe(0);
    expect(host?.serving.stats().active).toBe(0);
    expect(scene.swarm.outcomes).toMatchObject([{ kind: 'left' }]);
  });

  test('is not read further than its reader is', async () => {
    let said = 0;
    const beforeWord = (): void => {
      said += 1;
    };
    const endpoint = farEndpoint({ answer: () => 'ore '.repeat(20_000), beforeWord });
    await using scene = await openUpstreamSwarm([{ endpoints: { [URL_A]: endpoint } }]);
    said = 0;
    const request = { ...upstreamRequest(FAR).request, model: FAR, maxTokens: 20_000 };
    const answer = await scene.driver.serving.complete(request, { signal: never });
    const reader = answer.chunks[Symbol.asyncIterator]();
    await reader.next();
    let before = 0;
    for (let quiet = 0; quiet < 50; quiet = said === before ? quiet + 1 : 0) {
      before = said;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What lies in the channel's own buffers.
    expect(said).toBeLessThan(10_000);
    await reader.return?.();
  });
});

describe('what breaks off in the middle', () => {
  test('at one upstream of a node is gone on with at another one of it', async () => {
    const endpoints = { [URL_A]: farEndpoint(), [URL_B]: farEndpoint() };
    await using scene = await openUpstreamSwarm([{ endpoints }]);
    for (const endpoint of Object.values(endpoints)) endpoint.beforeWord = cutBefore(4);
    endpoints[URL_B].beforeWord = () => undefined;
    const chunks = await asked(scene);
    expect(textOf(chunks)).toBe(FAR_TEXT);
    expect(scene.swarm.outcomes).toMatchObject([{ kind: 'answered' }]);
  });

  test('with a node that is gone, or its only upstream, is gone on with at another node', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamSwarm([
      { endpoints: { [URL_A]: endpoint } },
      { change: (offer) => ({ ...offer, reliability: 0.2 }) },
    ]);
    endpoint.beforeWord = cutBefore(4);
    const chunks = await asked(scene);
    expect(textOf(chunks)).toBe(FAR_TEXT);
    expect(chunks.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
    expect(scene.hosts[1]?.scene.upstreams.requests.map(({ asked: { begun } }) => begun)).toEqual([
      'the lamp lifts the',
    ]);
    expect(chunks.at(-1)).toMatchObject({ servedBy: [{ node: keyOf('host0') }, { node: keyOf('host1') }] });
    expect(scene.swarm.outcomes).toMatchObject([{ kind: 'died' }, { kind: 'answered' }]);
    const [first] = scene.hosts;
    endpoint.beforeWord = async (at) => {
      if (at === 3) await first?.node.network[Symbol.asyncDispose]();
    };
    await scene.clock.advance(60_000);
    const again = await asked(scene);
    expect(textOf(again)).toBe(FAR_TEXT);
  });

  test('ends with an honest error where nobody is left', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamSwarm([{ endpoints: { [URL_A]: endpoint } }]);
    endpoint.beforeWord = cutBefore(4, 9);
    const { text, failure } = await gathered(scene);
    expect(text).toBe('the lamp lifts the');
    expect(failure).toMatchObject({ code: 'UPSTREAM_CUT', message: expect.stringContaining('ask again') });
  });
});

describe('a node with an upstream', () => {
  test('tells neither its address nor its words in what it refuses', async () => {
    const endpoint = farEndpoint();
    await using scene = await openUpstreamSwarm([{ endpoints: { [URL_A]: endpoint } }]);
    endpoint.beforeWord = () => {
      const message = 'the upstream 10.0.0.1:8000 does not take this: sk-secret';
      throw upstreamError({ code: 'UPSTREAM_REFUSED', host: '10.0.0.1:8000', status: 422 }, message);
    };
    const { failure } = await gathered(scene);
    expect(failure).toMatchObject({ code: 'UPSTREAM_REFUSED', message: expect.stringContaining('HTTP 422') });
    expect(JSON.stringify(failure)).not.toMatch(/10\.0\.0\.1|secret/);
    expect(String(failure)).not.toMatch(/10\.0\.0\.1|secret/);
  });

  test.each([
    ['sessions', { sessionsMax: 0 }, /sessionsMax/],
    ['prompts', { promptTokensPerMinute: 1 }, null],
    ['messages', { callsPerMinute: 1 }, null],
  ] as const)('holds a peer within its limits of %s', async (_, change, words) => {
    await using scene = await openUpstreamSwarm([{ rules: rules(change) }]);
    await asked(scene).catch(() => undefined);
    const { text, failure } = await gathered(scene);
    expect(text).toBe('');
    expect(failure).toMatchObject({ code: 'REPLICA_REFUSED', details: { reason: 'ANSWER_LIMIT' } });
    if (words !== null) expect(failure).toMatchObject({ message: expect.stringMatching(words) });
  });

  test.each([
    ['who is nobody to it', { sees: null }, 'ANSWER_FORBIDDEN'],
    [
      'an operator beyond those whom its upstream serves',
      { sees: 'open', add: { key: 'k' } },
      'SERVE_MODEL_NOT_READY',
    ],
  ] as const)('refuses %s', async (_, host, reason) => {
    await using scene = await openUpstreamSwarm([host]);
    const { failure } = await gathered(scene);
    expect(failure).toMatchObject({ code: 'REPLICA_REFUSED', details: { reason } });
    expect(scene.hosts[0]?.scene.upstreams.requests).toEqual([]);
  });

  test('gives no more pieces than were asked for', async () => {
    await using scene = await openUpstreamSwarm([{}]);
    const { scene: host } = scene.hosts[0] ?? {};
    const more: Chunk = { kind: 'delta', choice: 0, text: 'x', logprobs: [] };
    host?.upstreams.endpoints.set(URL_A, farEndpoint({ first: Array.from({ length: 70 }, () => more) }));
    const chunks = await asked(scene);
    expect(textOf(chunks)).toBe('x'.repeat(64));
    expect(chunks.at(-2)).toEqual({ kind: 'end', choice: 0, reason: 'length' });
    expect(scene.swarm.outcomes).toMatchObject([{ kind: 'died' }]);
  });

  test('never asks an endpoint of a wider tier than was offered', async () => {
    const endpoints = { [URL_A]: farEndpoint(), [URL_B]: farEndpoint() };
    await using scene = await openUpstreamSwarm([{ endpoints: { [URL_A]: endpoints[URL_A] } }]);
    const { scene: host } = scene.hosts[0] ?? {};
    host?.upstreams.endpoints.set(URL_B, endpoints[URL_B]);
    await host?.add({ url: URL_B, tier: 'open' });
    endpoints[URL_A].beforeWord = cutBefore(4);
    const { text, failure } = await gathered(scene);
    expect([text, failure]).toMatchObject(['the lamp lifts the', { code: 'UPSTREAM_CUT' }]);
    expect(host?.upstreams.requests.filter(({ url }) => url === URL_B)).toHaveLength(1);
  });
});

describe('a node that lies', () => {
  const said = (...tells: CompletionTell[]) => tells;
  const delta: CompletionChunk = { kind: 'delta', choice: 0, text: 'a', logprobs: [] };
  const end = { kind: 'end', choice: 0, reason: 'stop' } as const;
  test.each([
    ['behind an end', said({ kind: 'chunks', chunks: [end, delta] }), 'broken'],
    [
      'of a choice that nobody asked for',
      said({ kind: 'chunks', chunks: [{ ...delta, choice: 1 }] }),
      'broken',
    ],
    ['that it is done', said({ kind: 'done', usage: null }), 'broken'],
    [
      'a call in the middle',
      said({ kind: 'chunks', chunks: [{ kind: 'tool-arguments', choice: 0, index: 0, text: '' }] }),
      'broken',
    ],
    ['nothing', said(), 'silent'],
    ['that it is there, and no more', 'beats', 'stuck'],
  ] as const)('%s is left: %#', async (_, tells, how) => {
    await using scene = await openUpstreamSwarm([{}]);
    const network = scene.swarm.hub.open({ key: keyOf('liar') });
    network.handle(COMPLETION_PROTOCOL, (channel) => lie(channel, tells), {
      ...{ frameBytesMax: ANSWER_FRAME_BYTES_MAX, channelsPerPeerMax: 4, strangers: true },
    });
    await scene.swarm.driver.dial({ peer: keyOf('liar'), addresses: network.addresses() }, { signal: never });
    const { request } = upstreamRequest(FAR);
    const wanted = { node: keyOf('liar'), model: 'ab'.repeat(32), reach: 'own', request, begun: '' } as const;
    const reading = Array.fromAsync(scene.swarm.replicas.complete(wanted, { signal: never }));
    await expect(passing(scene.clock, reading)).rejects.toMatchObject({
      code: 'REPLICA_LOST',
      details: { how },
    });
    await network[Symbol.asyncDispose]();

    async function lie(channel: Channel, what: readonly CompletionTell[] | 'beats'): Promise<void> {
      const frames = channel.frames[Symbol.asyncIterator]();
      const first = await frames.next();
      expect(completionAsks.decode(first.value).kind).toBe('complete');
      const send = (tell: CompletionTell) => channel.send(completionTells.encode(tell), { signal: never });
      if (what === 'beats') {
        for (;;) {
          await send({ kind: 'beat' });
          await scene.clock.sleep(500, { signal: never });
        }
      }
      for (const tell of what) await send(tell);
      await frames.next();
    }
  });
});
