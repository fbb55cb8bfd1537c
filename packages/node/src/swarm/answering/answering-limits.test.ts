import { ANSWER_PROTOCOL, type SeatAsk, seatAsks } from '@filon/core/answering/answer-messages';
import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { SessionRequest } from '@filon/core/serving/session';
import { describe, expect, test } from 'vitest';
import {
  type AnsweringScene,
  alone,
  answeringScene,
  passUntil,
  settle,
} from '../../../../../test/kit/answering-scene.ts';
import { answerOf, chatRequest, createGate, MODEL, never } from '../../../../../test/kit/scripted-serving.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import type { GuestSeats, QueuePlace, Seat } from '../../ports/replicas.ts';
import { AnswerLimits, DEFAULT_GUEST_RULES, type Guest, type GuestRules } from './answer-limits.ts';

const SHA = 'a'.repeat(64);
const tight = (change: Partial<GuestRules['own']>): GuestRules => {
  const rule = { ...DEFAULT_GUEST_RULES.own, ...change };
  return { own: rule, trusted: rule, open: rule };
};
const take = async (
  { swarm }: AnsweringScene,
  sessions = 1,
  onQueued?: (place: QueuePlace) => void,
): Promise<Seat> => {
  const wanted = { node: swarm.hosts[0]?.key ?? '', model: SHA, sessions };
  return await swarm.replicas.take(wanted, { signal: never, ...(onQueued && { onQueued }) });
};
const session = (promptTokens: number, maxTokens = 4): SessionRequest => ({
  ...{ session: 's', model: SHA, tokens: new Int32Array(promptTokens).fill(40), promptTokens, maxTokens },
  sampling: { ...DEFAULT_SAMPLING, seed: 1n },
  ...{ stop: [], grammar: null, topLogprobs: null, ignoreEos: true },
});
const refusedFor = (limit: string) => ({
  code: 'REPLICA_REFUSED',
  details: { reason: 'ANSWER_LIMIT' },
  message: expect.stringContaining(limit),
});

describe('a host', () => {
  test('lets peers wait, and tells their place and an estimate as it changes', async () => {
    const scene = await answeringScene([{ config: { sessionsMax: 1 } }]);
    const places: number[] = [];
    const first = await take(scene);
    const second = take(scene, 1, ({ position, estimateMs }) => {
      places.push(position);
      expect(estimateMs).toBeGreaterThan(0);
    });
    const third = take(scene, 1, ({ position }) => places.push(position));
    await settle();
    expect(places).toEqual([1, 2]);
    first[Symbol.dispose]();
    const seated = await second;
    await settle();
    expect(places).toEqual([1, 2, 1]);
    seated[Symbol.dispose]();
    (await third)[Symbol.dispose]();
    await settle();
    expect(scene.hosts[0]?.serving.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  test('says how long a queue is that is full, and the client hears it', async () => {
    const gate = createGate();
    const scene = await answeringScene(
      [{ config: { sessionsMax: 1, queueMax: 0 }, beforeToken: gate.pass }],
      {
        config: { queueMax: 0 },
      },
    );
    const running = answerOf(scene.driver, chatRequest('one'));
    await gate.crowd(1);
    await expect(answerOf(scene.driver, chatRequest('two'))).rejects.toMatchObject({
      code: 'SERVE_QUEUE_FULL',
      details: { position: 1, retryAfterSeconds: 5 },
    });
    gate.open();
    await running;
  });

  test('lets its own requests go before those of peers', async () => {
    const gate = createGate();
    const scene = await answeringScene([{ config: { sessionsMax: 1 } }]);
    const [host] = scene.hosts;
    const first = await take(scene);
    const places: number[] = [];
    const guest = take(scene, 1, ({ position }) => places.push(position));
    await settle();
    const own = host?.serving.complete(chatRequest('own'), { signal: never });
    await settle();
    expect(places).toEqual([1, 2]);
    first[Symbol.dispose]();
    await Array.fromAsync((await own)?.chunks ?? []);
    (await guest)[Symbol.dispose]();
    gate.open();
  });

  test('gives no seat to who is nobody to it, and says so', async () => {
    const scene = await answeringScene([{ sees: null }]);
    await expect(take(scene)).rejects.toMatchObject({
      code: 'REPLICA_REFUSED',
      details: { reason: 'ANSWER_FORBIDDEN' },
    });
  });

  test('brings no model into memory for a peer', async () => {
    const scene = await answeringScene([{}]);
    await scene.hosts[0]?.serving.unload(MODEL, { signal: never });
    const [loads, reason] = [scene.hosts[0]?.serving.stats().loaded, { reason: 'SERVE_MODEL_NOT_READY' }];
    expect(loads).toEqual([]);
    const elsewhere = { node: scene.swarm.hosts[0]?.key ?? '', model: 'b'.repeat(64), sessions: 1 };
    await expect(scene.swarm.replicas.take(elsewhere, { signal: never })).rejects.toMatchObject({
      details: reason,
    });
  });

  test('with a model that is larger than messages are serves it as far as they reach', async () => {
    const scene = await answeringScene([{}]);
    const guests = scene.hosts[0]?.serving.guests();
    const take: GuestSeats['take'] = async (...asked) => {
      const seat = await guests?.take(...asked);
      if (!seat) throw new RangeError('there is a host');
      const large = { contextTokens: 500_000, embeddingLength: 12_288 };
      return { ...seat, ready: async (options) => ({ ...(await seat.ready(options)), ...large }) };
    };
    const { key } = await scene.swarm.host({ name: 'large', guests: { offers: () => [], take } });
    const seat = await scene.swarm.replicas.take({ node: key, model: SHA, sessions: 1 }, { signal: never });
    expect(await seat.ready({ signal: never })).toMatchObject({
      ...{ contextTokens: 262_144, embeddingLength: 12_288 },
    });
    await expect(seat.embed([Int32Array.of(1)], { signal: never })).rejects.toMatchObject({
      code: 'ENGINE_MODEL_UNSUPPORTED',
    });
    expect(await Array.fromAsync(seat.open(session(4), { signal: never }))).toHaveLength(6);
  });

  test('bounds the sessions of a peer', async () => {
    const scene = await answeringScene([{ rules: tight({ sessionsMax: 2 }) }]);
    const seat = await take(scene, 2);
    await expect(take(scene)).rejects.toMatchObject(refusedFor('sessionsMax'));
    seat[Symbol.dispose]();
    await settle();
    (await take(scene))[Symbol.dispose]();
  });

  test('bounds what a peer has read in a minute, and the tokens that it may still generate', async () => {
    const rules = tight({ tokensMax: 100, promptTokensPerMinute: 60 });
    const scene = await answeringScene([{ rules, beforeToken: () => new Promise<void>(() => undefined) }]);
    const seat = await take(scene, 3);
    const failing = async (request: SessionRequest): Promise<unknown> => {
      try {
        for await (const _ of seat.open(request, { signal: never }));
        return null;
      } catch (error) {
        return error;
      }
    };
    void failing(session(40, 20));
    await settle();
    const limited = { code: 'REPLICA_REFUSED', details: { reason: 'ANSWER_LIMIT' } };
    expect(await failing(session(10, 60))).toMatchObject(limited);
    expect(await failing(session(30, 1))).toMatchObject(limited);
    scene.clock.advance(60_000);
    void failing(session(30, 1));
    await settle();
    expect(scene.hosts[0]?.engine.status().sessions[0]?.count).toBe(2);
  });

  test('runs no more for a peer that cancels one session again and again', async () => {
    const gate = createGate();
    const scene = await answeringScene([{ config: { sessionsMax: 3 }, beforeToken: gate.pass }]);
    const { driver, hosts } = scene.swarm;
    const options = { signal: never, frameBytesMax: 100_000 };
    const channel = await driver.open(hosts[0]?.key ?? '', ANSWER_PROTOCOL, options);
    const say = (ask: SeatAsk) => channel.send(seatAsks.encode(ask), options);
    await say({ kind: 'sit', model: SHA, sessions: 1, commitment: null });
    await settle();
    const { session: _, model: __, ...wanted } = session(4, 20);
    const open = (number: number): SeatAsk => ({
      ...{ kind: 'open', session: number, scope: new Uint8Array(16), wanted },
    });
    await say(open(0));
    await gate.crowd(1);
    const cancel: SeatAsk = { kind: 'cancel', session: 0 };
    await Promise.all([cancel, cancel, cancel, open(1), open(2), open(3)].map(say));
    await settle();
    expect(scene.hosts[0]?.engine.status().sessions[0]?.count).toBe(1);
    channel.abort();
  });

  test('whose limit is reached has another asked, and is not thought the worse of', async () => {
    const rules = tight({ tokensMax: 60 });
    const { driver, swarm, clock } = await answeringScene([{ rules }, {}]);
    const request = chatRequest('two of them', { choices: 2, maxTokens: 30, ignoreEos: true });
    const answering = answerOf(driver, request);
    await passUntil(clock, answering);
    expect(await answering).toMatchObject({ length: (await alone(request)).length + 1 });
    const there = swarm.outcomes.filter(({ node }) => node === swarm.hosts[0]?.key);
    expect(new Set(there.map(({ kind }) => kind))).toEqual(new Set(['left', 'refused']));
  });

  test('takes back a seat at which nothing runs', async () => {
    const scene = await answeringScene([{ config: { sessionsMax: 1 } }]);
    await take(scene);
    await passUntil(scene.clock, scene.clock.sleep(17_000, {}), { stepMs: 250 });
    expect(scene.hosts[0]?.serving.stats()).toMatchObject({ active: 0 });
  });

  test('gives up a peer that takes nothing of what it asked for', async () => {
    const scene = await answeringScene([{ config: { sessionsMax: 1, contextTokens: 2048 } }]);
    const { driver, hosts } = scene.swarm;
    const channel = await driver.open(hosts[0]?.key ?? '', ANSWER_PROTOCOL, {
      signal: never,
      frameBytesMax: 100_000,
    });
    const say = (ask: SeatAsk) => channel.send(seatAsks.encode(ask), { signal: never });
    await say({ kind: 'sit', model: SHA, sessions: 1, commitment: null });
    await settle();
    const { session: _, model: __, ...wanted } = { ...session(4, 2000), topLogprobs: 20 };
    await say({ kind: 'open', session: 0, scope: new Uint8Array(16), wanted });
    await settle(2500);
    const computed = () => scene.hosts[0]?.engine.status().counters.generatedTokens ?? 0;
    const before = computed();
    await settle(200);
    expect(computed()).toBe(before);
    expect(before).toBeLessThan(1500);
    await passUntil(scene.clock, scene.clock.sleep(22_000, {}), { stepMs: 250 });
    expect(scene.hosts[0]?.serving.stats()).toMatchObject({ active: 0 });
  });

  test('that stops lets peers finish, and takes no more', async () => {
    const gate = createGate();
    const scene = await answeringScene([{ beforeToken: gate.pass }]);
    const answering = answerOf(scene.driver, chatRequest('last'));
    await gate.crowd(1);
    const stopped = scene.hosts[0]?.serving[Symbol.asyncDispose]();
    await settle();
    await expect(take(scene)).rejects.toMatchObject({ details: { reason: 'SERVE_STOPPING' } });
    gate.open();
    expect((await answering).at(-1)?.kind).toBe('usage');
    await stopped;
  });
});

describe('limits', () => {
  const places = (): number => 8;
  const guest = (node: string, operator = 'o'): Guest => ({ node, operator, tier: 'open' });

  test('hold for an operator with many nodes too', () => {
    const limits = new AnswerLimits(tight({ sessionsMax: 2 }), { clock: createManualClock(), places });
    const held = ['a', 'b', 'c'].map((node) => limits.sit(guest(node), 2));
    expect(() => limits.sit(guest('d'), 1)).toThrow(expect.objectContaining({ code: 'ANSWER_LIMIT' }));
    limits.sit(guest('d', 'other'), 1)[Symbol.dispose]();
    held[0]?.[Symbol.dispose]();
    limits.sit(guest('d'), 1);
  });

  test('of strangers are their share of the places, but for one', () => {
    const clock = createManualClock();
    const limits = new AnswerLimits(DEFAULT_GUEST_RULES, { clock, places });
    const refused = expect.objectContaining({ code: 'ANSWER_LIMIT' });
    const first = [limits.sit(guest('a', 'one'), 5), limits.sit(guest('b', 'one'), 5)];
    expect(first.map(({ sessions }) => sessions)).toEqual([5, 2]);
    expect(() => limits.sit(guest('c', 'two'), 1)).toThrow(refused);
    // Another one asks: what the first gives back is not its own again.
    first[0]?.[Symbol.dispose]();
    const second = limits.sit(guest('c', 'two'), 5);
    expect(second.sessions).toBe(3);
    expect(limits.sit(guest('a', 'one'), 5).sessions).toBe(1);
    expect(() => limits.sit(guest('a', 'one'), 1)).toThrow(refused);
    expect(limits.sit({ ...guest('d', 'known'), tier: 'trusted' }, 5).sessions).toBe(5);
    expect(() => limits.sitAll(guest('c', 'three'), 2)).toThrow(refused);
    second[Symbol.dispose]();
    clock.advance(31_000);
    expect(limits.sit(guest('a', 'one'), 16).sessions).toBe(4);
  });

  test('of strangers are one where there is one place', () => {
    const limits = new AnswerLimits(DEFAULT_GUEST_RULES, { clock: createManualClock(), places: () => 1 });
    expect(limits.sit(guest('a', 'one'), 4).sessions).toBe(1);
    expect(() => limits.sit(guest('b', 'two'), 1)).toThrow(expect.objectContaining({ code: 'ANSWER_LIMIT' }));
  });

  test('of a minute fill up again, and let in one that is longer than a minute allows', () => {
    const clock = createManualClock();
    const limits = new AnswerLimits(tight({ promptTokensPerMinute: 100 }), { clock, places });
    limits.spend(guest('a'), 'prompt', 150);
    const late = { code: 'ANSWER_LIMIT', details: { retryAfterSeconds: 36 } };
    expect(() => limits.spend(guest('a'), 'prompt', 10)).toThrow(
      expect.objectContaining({ code: late.code }),
    );
    clock.advance(36_000);
    limits.spend(guest('a'), 'prompt', 10);
  });
});
