import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  ANSWER_PROTOCOL,
  type SeatAsk,
  type SeatTell,
  seatAsks,
  seatTells,
} from '@filon/core/answering/answer-messages';
import { isFilonError } from '@filon/core/errors';
import type { Candidate } from '@filon/core/serving/routing';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { LoadedModel, SessionRequest, SessionSign } from '@filon/core/serving/session';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answeringScene, passUntil, settle } from '../../../../../test/kit/answering-scene.ts';
import { drawnBytes, hideScope, keyOf } from '../../../../../test/kit/answering-swarm.ts';
import {
  answerOf,
  chatRequest,
  MODEL,
  never,
  openScriptedServing,
  textOf,
} from '../../../../../test/kit/scripted-serving.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryHub } from '../../adapters/memory/network.ts';
import type { Channel } from '../../ports/network.ts';
import type { Replicas, Seat, SeatAhead, SeatOutcome } from '../../ports/replicas.ts';
import { createRemoteAnswers } from './remote-answers.ts';
import { createRemoteCompletions } from './remote-completion.ts';
import { SessionInbox } from './session-inbox.ts';
import { sha256 } from './shared-seed.ts';

const SHA = 'a'.repeat(64);
const secret = new Uint8Array(32).fill(7);
const loaded: Omit<LoadedModel, 'model'> = {
  ...{ mode: 'exact', device: 'cpu', architecture: 'llama', vocabTokens: 512, contextTokens: 64 },
  ...{ trainedContextTokens: 128, sessionsMax: 3, embeddingLength: 8, dialect: null, bytes: 1 },
  numericClass: null,
};
const seated: SeatTell = { kind: 'seated', slots: 1, loaded, commitment: sha256(secret) };
const request: SessionRequest = {
  ...{ session: 's', model: SHA, tokens: Int32Array.of(1, 2, 3), promptTokens: 3, maxTokens: 4 },
  sampling: { ...DEFAULT_SAMPLING, seed: 1n },
  ...{ stop: [], grammar: null, topLogprobs: null, ignoreEos: true },
};
const DRAWN = { kind: 'token', position: 3, token: 5, text: 'a', logprob: null } as const;
const token = (position: number, id = 5): SessionSign => ({ ...DRAWN, position, token: id });

/** A host that says what it is told to. */
async function lyingHost(
  answer: (ask: SeatAsk) => (SeatTell | Uint8Array)[] | 'silence',
  { beats = false }: { beats?: boolean } = {},
): Promise<{
  clock: ReturnType<typeof createManualClock>;
  take: (ahead?: SeatAhead) => Promise<Seat>;
  /** To be given to the driver's serving. */
  replicas: Replicas;
  outcomes: SeatOutcome[];
}> {
  const clock = createManualClock();
  const hub = createMemoryHub({ clock });
  const [driver, host] = [hub.open({ key: keyOf('driver') }), hub.open({ key: keyOf('liar') })];
  const beat = async (channel: Channel): Promise<void> => {
    for (;;) {
      await clock.sleep(500, {});
      await channel.send(seatTells.encode({ kind: 'beat' }), { signal: never });
    }
  };
  const serve = async (channel: Channel): Promise<void> => {
    if (beats) beat(channel).catch(() => undefined);
    for await (const frame of channel.frames) {
      const tells = answer(seatAsks.decode(frame));
      if (tells === 'silence') continue;
      for (const tell of tells) {
        await channel.send(tell instanceof Uint8Array ? tell : seatTells.encode(tell), { signal: never });
      }
    }
  };
  const limits = { frameBytesMax: 3_000_000, channelsPerPeerMax: 8, strangers: true };
  host.handle(ANSWER_PROTOCOL, serve, limits);
  await driver.dial({ peer: host.self, addresses: host.addresses() }, { signal: never });
  const commitmentOf = (): Uint8Array => sha256(secret);
  const deps = { network: driver, clock, randomBytes: drawnBytes(), hideScope, commitmentOf };
  const wanted = { node: host.self, model: SHA, sessions: 1 };
  const take = (ahead: SeatAhead | null = null): Promise<Seat> =>
    createRemoteAnswers(deps).take({ ...wanted, ahead }, { signal: never });
  const outcomes: SeatOutcome[] = [];
  const offer: Candidate = {
    ...{ node: host.self, operator: host.self, model: SHA, name: MODEL, numericClass: null, ready: true },
    ...{ loadMs: 0, contextTokens: 64, sessionsMax: 3, rates: [], load: null, roundTripMs: 1, price: null },
    ...{ serves: 'open', reliability: 1, replayable: true },
  };
  const replicas: Replicas = {
    ...createRemoteAnswers(deps),
    ...createRemoteCompletions(deps),
    isWithheld: () => false,
    models: () => [{ name: MODEL, sha256: SHA, contextTokens: 64, tier: 'own' }],
    candidates: async () => [offer],
    policy: () => ({ lists: { own: new Set([host.self]), trusted: new Set() }, msPerUnit: 0 }),
    report: (outcome) => void outcomes.push(outcome),
  };
  return { clock, take, replicas, outcomes };
}

const lost = (how: string) => ({ code: 'REPLICA_LOST', details: { how } });

describe('a host that', () => {
  const signs: [string, SessionSign[]][] = [
    ['skips a position', [token(4)]],
    ['repeats a position', [token(3), token(3)]],
    ['draws a token that its model does not have', [token(3, 512)]],
    ['draws more than it was asked for', [3, 4, 5, 6, 7].map((position) => token(position))],
    [
      'reads its prompt twice',
      [
        { kind: 'prefilled', cachedTokens: 0 },
        { kind: 'prefilled', cachedTokens: 0 },
      ],
    ],
    ['had more of the prompt than there is', [{ kind: 'prefilled', cachedTokens: 4 }]],
    [
      'tells what nobody asked for',
      [{ ...DRAWN, logprob: { token: 5, bytes: new Uint8Array(1), logprob: -1, top: [] } }],
    ],
    ['met a stop string that it was not given', [{ kind: 'end', reason: 'stop', text: '', stop: 'x' }]],
    ['goes on after the end', [{ kind: 'end', reason: 'stop', text: '' }, token(3)]],
  ];
  test.each(signs)('%s has broken the protocol', async (_, said) => {
    const { take } = await lyingHost((ask) =>
      ask.kind === 'sit' ? [seated] : ask.kind === 'open' ? [{ kind: 'signs', session: 0, signs: said }] : [],
    );
    const seat = await take();
    const read = Array.fromAsync(seat.open(request, { signal: never }));
    if (said.length === 2 && said[0]?.kind === 'end') expect(await read).toHaveLength(1);
    else await expect(read).rejects.toMatchObject(lost('broken'));
    await settle();
    await expect(seat.ready({ signal: never })).rejects.toMatchObject(lost('broken'));
  });

  test.each<[string, SeatTell | Uint8Array]>([
    ['gives more slots than were asked for', { ...seated, slots: 2 }],
    ['gives a seat without a slot', { ...seated, slots: 0 }],
    [
      'speaks of tokens before there is a seat',
      { kind: 'tokens', call: 0, tokens: Int32Array.of(), inReasoning: false },
    ],
    ['sends what is no message', Uint8Array.of(1, 2, 3)],
    ['sends more than a frame', new Uint8Array(2_500_000)],
  ])('%s gets no request', async (_, tell) => {
    const { take } = await lyingHost((ask) => (ask.kind === 'sit' ? [tell] : []));
    await expect(take()).rejects.toMatchObject({ code: 'REPLICA_LOST' });
  });

  test('tells another secret than it promised is not believed', async () => {
    const { take } = await lyingHost((ask) => {
      if (ask.kind === 'sit') return [seated];
      return ask.kind === 'nonce' ? [{ kind: 'secret', secret: new Uint8Array(32).fill(8) }] : [];
    });
    await expect((await take()).seed({ signal: never })).rejects.toMatchObject(lost('broken'));
  });

  test('never tells its secret is left in time', async () => {
    const { clock, take } = await lyingHost((ask) => (ask.kind === 'sit' ? [seated] : []), { beats: true });
    const seat = await take();
    const seeding = expect(seat.seed({ signal: never })).rejects.toMatchObject(lost('silent'));
    expect(await passUntil(clock, seeding, { stepMs: 250 })).toBeLessThan(31_000);
    await seeding;
  });

  test('says that it is there and gives no seat keeps a request no longer than it may wait', async () => {
    const { clock, replicas, outcomes } = await lyingHost(() => [], { beats: true });
    const options = { clock, stored: [], config: { queueWaitMs: 20_000 }, replicas };
    const driver = await openScriptedServing(options);
    const refused = expect(answerOf(driver, chatRequest('for ever?'))).rejects.toMatchObject({
      code: 'SERVE_QUEUE_TIMEOUT',
    });
    expect(await passUntil(clock, refused, { stepMs: 250 })).toBeLessThan(21_000);
    await refused;
    expect(outcomes).toMatchObject([{ kind: 'lost' }]);
  });

  test('has its seat given back is heard of by every session there', async () => {
    const { take } = await lyingHost((ask) => (ask.kind === 'sit' ? [seated] : []));
    const seat = await take();
    const read = Array.fromAsync(seat.open(request, { signal: never }));
    const failing = expect(read).rejects.toMatchObject(lost('left'));
    seat[Symbol.dispose]();
    await failing;
  });

  const ahead: SeatAhead = {
    ...{ prompt: { kind: 'text', text: 'a' }, needsSeed: true },
    session: {
      ...{ maxTokens: 4, sampling: { ...DEFAULT_SAMPLING, seed: null }, stop: [] },
      ...{ topLogprobs: null, ignoreEos: true, scope: '' },
    },
  };
  const tokens: SeatTell = { kind: 'tokens', call: 0, tokens: Int32Array.of(1, 2, 3), inReasoning: false };

  test('does nothing ahead is asked for it afterwards', async () => {
    const asked: string[] = [];
    const { take } = await lyingHost((ask) => {
      asked.push(ask.kind);
      if (ask.kind === 'sit') return [seated];
      if (ask.kind === 'nonce') return [{ kind: 'secret', secret }];
      return ask.kind === 'tokenize' ? [tokens] : [];
    });
    const seat = await take(ahead);
    expect(await seat.tokenize(ahead.prompt, { signal: never })).toMatchObject({ tokens: { length: 3 } });
    await seat.seed({ signal: never });
    expect(asked).toEqual(['sit', 'tokenize', 'nonce']);
  });

  test.each<[string, Partial<Extract<SeatTell, { kind: 'seated' }>>]>([
    [
      'tells a secret of another commitment than it was asked for',
      { commitment: sha256(sha256(secret)), secret: sha256(secret) },
    ],
    ['tells another secret than it promised before', { secret: sha256(secret) }],
  ])('%s is not believed', async (_, change) => {
    const { take } = await lyingHost((ask) =>
      ask.kind === 'sit' ? [{ ...seated, ahead: true, ...change }, tokens] : [],
    );
    await expect(take(ahead)).rejects.toMatchObject(lost('broken'));
  });

  test('draws ahead what no session says has broken the protocol', async () => {
    const { take } = await lyingHost((ask) =>
      ask.kind === 'sit'
        ? [{ ...seated, ahead: true, secret }, tokens, { kind: 'signs', session: 0, signs: [token(9)] }]
        : [],
    );
    const seat = await take(ahead);
    await settle();
    await expect(seat.ready({ signal: never })).rejects.toMatchObject(lost('broken'));
  });

  test('makes up tokens, vectors or answers is not believed', async () => {
    const tells: SeatTell[] = [
      { kind: 'tokens', call: 0, tokens: Int32Array.of(-1), inReasoning: false },
      { kind: 'tokens', call: 1, tokens: Int32Array.of(1), inReasoning: false },
      { kind: 'vectors', call: 0, vectors: [] },
    ];
    for (const tell of tells) {
      const { take } = await lyingHost((ask) => {
        if (ask.kind === 'sit') return [seated];
        return ask.kind === 'tokenize' ? [tell] : [];
      });
      const prompt = { kind: 'text', text: 'a' } as const;
      await expect((await take()).tokenize(prompt, { signal: never })).rejects.toMatchObject(lost('broken'));
    }
    const { take } = await lyingHost((ask) => {
      if (ask.kind === 'sit') return [seated];
      return ask.kind === 'embed' ? [{ kind: 'vectors', call: 0, vectors: [Float32Array.of(1)] }] : [];
    });
    const texts = [Int32Array.of(1)];
    await expect((await take()).embed(texts, { signal: never })).rejects.toMatchObject(lost('broken'));
  });

  test('is silent is left within seconds, before and after it gave a seat', async () => {
    const silent = await lyingHost(() => 'silence');
    const taking = expect(silent.take()).rejects.toMatchObject(lost('silent'));
    expect(await passUntil(silent.clock, taking)).toBeLessThan(3000);
    await taking;

    const later = await lyingHost((ask) => (ask.kind === 'sit' ? [seated] : []));
    const seat = await later.take();
    const read = Array.fromAsync(seat.open(request, { signal: never }));
    const failing = expect(read).rejects.toMatchObject(lost('silent'));
    expect(await passUntil(later.clock, failing)).toBeLessThan(3000);
    await failing;
  });

  test('says that it is there, and draws nothing, is stuck by the measured time of its steps', async () => {
    const clock = createManualClock();
    const inbox = new SessionInbox({ ...request, maxTokens: 100 }, { clock, vocabTokens: 512 });
    for (let position = 3; position < 40; position++) {
      clock.advance(2000);
      inbox.put([token(position)]);
    }
    clock.advance(190_000);
    inbox.put([{ kind: 'waiting' }]);
    while (inbox.waiting > 0) await inbox.next();
    expect(inbox.isStuck()).toBe(false);
    clock.advance(20_000);
    expect(inbox.isStuck()).toBe(true);
  });

  test('blames the request is believed where another would say the same, and only there', async () => {
    const failed = async (code: string): Promise<unknown> => {
      const { take } = await lyingHost((ask) => {
        if (ask.kind === 'sit') return [seated];
        return ask.kind === 'open' ? [{ kind: 'ended', session: 0, code, message: 'so it is' }] : [];
      });
      const seat = await take();
      return await Array.fromAsync(seat.open(request, { signal: never })).catch((error: unknown) => error);
    };
    expect(await failed('ENGINE_GRAMMAR_INVALID')).toMatchObject({ code: 'ENGINE_GRAMMAR_INVALID' });
    expect(await failed('ENGINE_WORKER_DIED')).toMatchObject({ code: 'ENGINE_WORKER_DIED' });
    expect(await failed('ACCESS_BUDGET')).toMatchObject({
      ...lost('failed'),
      details: { reason: 'ACCESS_BUDGET' },
    });
  });

  test('has no room for what it had begun is lost, be it one session or the seat', async () => {
    const words = { code: 'ANSWER_LIMIT', message: 'so it is' };
    const ends: SeatTell[] = [
      { kind: 'ended', session: 0, ...words },
      { kind: 'refused', ...words, position: null, waitSeconds: null },
    ];
    for (const end of ends) {
      for (const begun of [false, true]) {
        const { take } = await lyingHost((ask) => {
          if (ask.kind === 'sit') return [seated];
          const signs: SeatTell[] = begun ? [{ kind: 'signs', session: 0, signs: [token(3)] }] : [];
          return ask.kind === 'open' ? [...signs, end] : [];
        });
        const read = Array.fromAsync((await take()).open(request, { signal: never }));
        await expect(read).rejects.toMatchObject({ code: begun ? 'REPLICA_LOST' : 'REPLICA_REFUSED' });
      }
    }
  });

  test('says anything at all fails by a code, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 4 }),
        async (frames) => {
          const { take } = await lyingHost((ask) => (ask.kind === 'sit' ? [seated, ...frames] : []));
          try {
            const seat = await take();
            await Array.fromAsync(seat.open(request, { signal: never }));
          } catch (error) {
            expect(isFilonError(error, 'REPLICA_LOST')).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a peer that', () => {
  test('sends anything at all has its seat taken back, and others are served on', async () => {
    const scene = await answeringScene([{}]);
    const { driver, hosts } = scene.swarm;
    const valid = seatAsks.encode({ kind: 'sit', model: SHA, sessions: 1, commitment: null });
    const frames = fc.array(fc.oneof(fc.constant(valid), fc.uint8Array({ maxLength: 60 })), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(frames, async (said) => {
        const options = { signal: never, frameBytesMax: 3_000_000 };
        const channel = await driver.open(hosts[0]?.key ?? '', ANSWER_PROTOCOL, options);
        for (const frame of said) await channel.send(frame, options).catch(() => undefined);
        await nextTurn();
        channel.abort();
      }),
      { numRuns: 100 },
    );
    await settle();
    expect(scene.hosts[0]?.serving.stats()).toMatchObject({ active: 0, queued: 0 });
    expect(textOf(await answerOf(scene.driver, chatRequest('still there')))).not.toBe('');
  });

  const misuses: [string, SeatAsk[]][] = [
    ['opens before it has a seat', [{ kind: 'cancel', session: 0 }]],
    ['sits down twice', Array(2).fill({ kind: 'sit', model: SHA, sessions: 1, commitment: null })],
    [
      'asks twice for the secret of its seed',
      [
        { kind: 'sit', model: SHA, sessions: 1, commitment: null },
        ...Array<SeatAsk>(2).fill({ kind: 'nonce', nonce: new Uint8Array(32) }),
      ],
    ],
  ];
  test.each(misuses)('%s is told so, and has no seat', async (_, asks) => {
    const scene = await answeringScene([{}]);
    const { driver, hosts } = scene.swarm;
    const options = { signal: never, frameBytesMax: 3_000_000 };
    const channel = await driver.open(hosts[0]?.key ?? '', ANSWER_PROTOCOL, options);
    const [first, ...more] = asks;
    if (first) await channel.send(seatAsks.encode(first), options);
    await settle();
    for (const ask of more) await channel.send(seatAsks.encode(ask), options);
    const tells: SeatTell[] = [];
    for await (const frame of channel.frames) tells.push(seatTells.decode(frame));
    expect(tells.at(-1)).toMatchObject({ kind: 'refused', code: 'ANSWER_MISUSED' });
    expect(scene.hosts[0]?.serving.stats()).toMatchObject({ active: 0 });
  });
});
