import type { ChatPrompt, Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { SessionRequest } from '@filon/core/serving/session';
import { describe, expect, test } from 'vitest';
import {
  alone,
  answeringScene,
  atToken,
  passUntil,
  settle,
  withoutPauses,
} from '../../../../../test/kit/answering-scene.ts';
import { storedModel } from '../../../../../test/kit/fixed-models.ts';
import { begin, openKeptLife, readFrom } from '../../../../../test/kit/kept-answers.ts';
import {
  answerOf,
  chatRequest,
  createGate,
  MODEL,
  never,
  openScriptedServing,
  type ScriptedServing,
  textOf,
} from '../../../../../test/kit/scripted-serving.ts';

const SHA = 'a'.repeat(64);
const chatPrompt = (content: string): ChatPrompt => ({ kind: 'chat', messages: [{ role: 'user', content }] });
const cold = (temperature: number) => ({ sampling: { ...chatRequest('').sampling, temperature } });
/** A worker that dies once, before it computes this token. */
const once = (at: number) => {
  let died = false;
  return ({ generated }: { generated: number }): boolean => {
    const dies = generated === at && !died;
    died ||= dies;
    return dies;
  };
};
const EXACT = { mode: 'exact' } as const;
const lastOf = (chunks: readonly Chunk[]) => {
  const last = chunks.at(-1);
  if (last?.kind !== 'usage') throw new RangeError('no usage');
  return last;
};
const usageOf = (chunks: readonly Chunk[]) => lastOf(chunks).usage;

describe('a node without any model', () => {
  test('chats with one that another node has', async () => {
    const { driver, hosts, swarm } = await answeringScene([{}]);
    const request = chatRequest('What is in the vein?', { topLogprobs: 3, stop: ['zz'] });
    const answer = await answerOf(driver, request);
    expect(answer.slice(0, -1)).toEqual((await alone(request)).slice(0, -1));
    expect(answer.at(-1)).toMatchObject({
      kind: 'usage',
      servedBy: [{ node: swarm.hosts[0]?.key, tier: 'own', numericClass: 'scripted' }],
    });
    expect(hosts[0]?.engine.status().sessions[0]?.count).toBe(0);
    expect(swarm.outcomes).toMatchObject([{ kind: 'answered', tokens: usageOf(answer).completionTokens }]);
  });

  test('hears with the answer what its node asked for it', async () => {
    const price = { promptPico: 50_000n, answerPico: 200_000n };
    const { driver } = await answeringScene([{ change: (candidate) => ({ ...candidate, price }) }]);
    const answer = await answerOf(driver, chatRequest('What does it cost?'));
    expect(answer.at(-1)).toMatchObject({
      servedBy: [{ price: { promptPico: 50_000, answerPico: 200_000 } }],
    });
  });

  test('lists it, and is ready', async () => {
    const { driver } = await answeringScene([{ tier: 'trusted' }]);
    expect(await driver.serving.models()).toMatchObject([{ name: MODEL, elsewhere: 'trusted' }]);
    expect(await driver.serving.readiness()).toMatchObject({ ready: true });
  });

  test('says why a model that others have may not answer', async () => {
    const { driver, hosts } = await answeringScene([{ tier: 'open' }]);
    await expect(answerOf(driver, chatRequest('private'))).rejects.toMatchObject({
      code: 'SERVE_MODEL_UNKNOWN',
      message: expect.stringContaining("within the tier 'own'"),
    });
    const open = await driver.serving.complete(chatRequest('public'), { signal: never, tier: 'open' });
    expect(textOf(await Array.fromAsync(open.chunks))).toBe(textOf(await alone(chatRequest('public'))));
    expect(hosts[0]?.serving.stats().admitted).toBe(1);
  });

  test('gets several choices, as one that has it', async () => {
    const { driver } = await answeringScene([{ config: { sessionsMax: 2 } }]);
    const request = chatRequest('three', { choices: 3 });
    const [there, here] = [await answerOf(driver, request), await alone(request)];
    for (const choice of [0, 1, 2]) expect(textOf(there, choice)).toBe(textOf(here, choice));
  });

  test('gets vectors and counts of tokens, as one that has it', async () => {
    const { driver } = await answeringScene([{}]);
    const { serving } = await openScriptedServing();
    const inputs = Array.from({ length: 70 }, (_, index) => ({ kind: 'text', text: `t${index}` }) as const);
    const asked = { model: MODEL, inputs };
    const there = await driver.serving.embed(asked, { signal: never });
    expect(there).toEqual(await serving.embed(asked, { signal: never }));
    const counted = { model: MODEL, prompt: { kind: 'text', text: 'the old lamp' } } as const;
    expect(await driver.serving.countTokens(counted, { signal: never })).toBe(
      await serving.countTokens(counted, { signal: never }),
    );
  });

  test('draws another seed for each request that brings none', async () => {
    const { driver } = await answeringScene([{}]);
    const open = { ...chatRequest('hello'), sampling: { ...chatRequest('').sampling, seed: null } };
    const texts = [await answerOf(driver, open), await answerOf(driver, open)].map((chunks) =>
      textOf(chunks),
    );
    expect(new Set(texts).size).toBe(2);
  });

  test('has its first token a round trip after it has a channel', async () => {
    const { clock, driver, swarm } = await answeringScene([{}]);
    const delayMs = 100;
    swarm.hub.shape(swarm.driver.self, swarm.hosts[0]?.key ?? '', { delayMs });
    const firstTokenMs = async (request: CompletionRequest): Promise<number> => {
      const asking = driver.serving.complete(request, { signal: never });
      const first = asking.then(async ({ chunks }) => {
        for await (const { kind } of chunks) if (kind === 'delta') break;
      });
      return await passUntil(clock, first, { stepMs: 5 });
    };
    const seedless = chatRequest('hello', { sampling: { ...chatRequest('').sampling, seed: null } });
    // Two to open the channel, and two of its own; a first seedless one asks for the seed when it has the seat.
    const most = 4 * delayMs + 50;
    expect(await firstTokenMs(chatRequest('hello'))).toBeLessThan(most);
    expect(await firstTokenMs(seedless)).toBeLessThan(most);
    const tools = [{ name: 'f', description: '', parameters: { type: 'object' } }];
    const offered = { ...seedless, prompt: { ...chatPrompt('hello'), tools } };
    expect(await firstTokenMs(offered)).toBeLessThan(most);
    expect(await firstTokenMs({ ...seedless, format: { kind: 'json' } })).toBeLessThan(most + 2 * delayMs);
  });

  test('asks where the same beginning was read before, also after a restart', async () => {
    let isUp = false;
    const { driver, swarm, clock } = await answeringScene([
      { change: (candidate) => ({ ...candidate, ready: isUp }) },
      {},
    ]);
    const [first, second] = swarm.hosts.map(({ key }) => key);
    const ask = async (serving: ScriptedServing, system: string, user: string) => {
      const messages = [
        { role: 'system', content: system.repeat(40) },
        { role: 'user', content: user },
      ] as const;
      const request = chatRequest('', { prompt: { kind: 'chat', messages } });
      const { servedBy, usage } = lastOf(await answerOf(serving, request));
      return { node: servedBy?.[0]?.node, cachedTokens: usage.cachedTokens };
    };
    expect(await ask(driver, 'You know all of the mine. ', 'How deep is it?')).toMatchObject({
      node: second,
    });
    isUp = true;
    const again = await openScriptedServing({ clock, stored: [], replicas: swarm.replicas, config: EXACT });
    expect(await ask(again, 'You know nothing of it. ', 'How old is it?')).toMatchObject({ node: first });
    const known = await ask(again, 'You know all of the mine. ', 'How old is it?');
    expect(known.node).toBe(second);
    expect(known.cachedTokens).toBeGreaterThan(800);
  });

  test('leaves what was begun for it and is not what it asks for', async () => {
    const { swarm, hosts } = await answeringScene([{}]);
    const { key = '' } = swarm.hosts[0] ?? {};
    const { sampling } = chatRequest('');
    const prompt = chatPrompt('hello');
    const session = {
      ...{ maxTokens: 8, sampling, stop: [], topLogprobs: null },
      ignoreEos: true,
      scope: '',
    };
    const wanted = { node: key, model: SHA, sessions: 1 };
    const ahead = { prompt, needsSeed: false, session };
    using seat = await swarm.replicas.take({ ...wanted, ahead }, { signal: never });
    const { tokens } = await seat.tokenize(prompt, { signal: never });
    const request: SessionRequest = {
      ...{ session: 's', model: SHA, tokens, promptTokens: tokens.length, maxTokens: 5, ignoreEos: true },
      ...{ sampling: { ...sampling, seed: 9n }, stop: [], grammar: null, topLogprobs: null },
    };
    const signs = await Array.fromAsync(seat.open(request, { signal: never }));
    expect(signs.filter(({ kind }) => kind === 'token')).toHaveLength(5);
    expect(hosts[0]?.engine.status().sessions[0]?.count).toBe(0);
  });

  test('is answered where the context is long enough, though a shorter one was asked first', async () => {
    const { driver, swarm } = await answeringScene([{ config: { contextTokens: 64 } }, {}]);
    const request = chatRequest('q'.repeat(180), { maxTokens: 8, ignoreEos: true });
    const answer = await answerOf(driver, request);
    expect(lastOf(answer).servedBy?.map(({ node }) => node)).toContain(swarm.hosts[1]?.key);
    expect(usageOf(answer).completionTokens).toBe(8);
    expect(swarm.outcomes.at(-1)).toMatchObject({ kind: 'answered', node: swarm.hosts[1]?.key });
  });

  test('is told of what the request itself is to blame for', async () => {
    const { driver, swarm } = await answeringScene([{ config: { contextTokens: 64 } }, {}]);
    const long = chatRequest('q'.repeat(3000));
    await expect(answerOf(driver, long)).rejects.toMatchObject({ code: 'SERVE_CONTEXT_EXCEEDED' });
    await expect(answerOf(driver, chatRequest('a', { model: 'nobody' }))).rejects.toMatchObject({
      code: 'SERVE_MODEL_UNKNOWN',
    });
    expect(swarm.outcomes.filter(({ kind }) => kind !== 'left')).toEqual([]);
  });
});

describe('a node that is lost', () => {
  test.each([0, 0.8])(
    'at any token, costs a pause and nothing else, at temperature %d',
    async (temperature) => {
      const request = chatRequest('What is in the vein?', { ...cold(temperature), topLogprobs: 1 });
      const whole = await alone(request);
      for (let at = 0; at <= usageOf(whole).completionTokens; at++) {
        let cut = (): void => undefined;
        const { driver, swarm } = await answeringScene([{ beforeToken: atToken(at, () => cut()) }, {}]);
        cut = () => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
        const answer = await answerOf(driver, request);
        expect(withoutPauses(answer).slice(0, -1)).toEqual(whole.slice(0, -1));
        expect(answer.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
      }
    },
  );

  test('takes the worker of its model along, which is no reason to ask the same node again', async () => {
    const request = chatRequest('What is in the vein?');
    const { driver, hosts, swarm } = await answeringScene([{ diesAt: once(7) }, {}]);
    const answer = await answerOf(driver, request);
    expect(textOf(answer)).toBe(textOf(await alone(request)));
    expect(answer.at(-1)).toMatchObject({ servedBy: swarm.hosts.map(({ key }) => ({ node: key })) });
    expect(hosts[0]?.engine.status().workers[0]?.deaths).toBe(1);
  });

  test('is asked again when there is no other', async () => {
    const { clock, driver, hosts } = await answeringScene([{ diesAt: once(7) }]);
    const request = chatRequest('What is in the vein?');
    const answering = answerOf(driver, request);
    await passUntil(clock, answering);
    expect(textOf(await answering)).toBe(textOf(await alone(request)));
    expect(hosts[0]?.engine.status().workers[0]?.deaths).toBe(1);
  });

  test('is followed by one of the same numeric class', async () => {
    let cut = (): void => undefined;
    const classed = (numericClass: string) => (candidate: { loadMs: number }) =>
      ({ ...candidate, numericClass }) as never;
    const { driver, swarm } = await answeringScene(
      [
        {
          beforeToken: atToken(3, () => cut()),
          change: classed('scripted'),
        },
        { config: { mode: 'fast' }, change: classed('other') },
        { change: classed('scripted') },
      ],
      { config: { mode: 'fast' } },
    );
    cut = () => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    const answer = await answerOf(driver, chatRequest('class'));
    expect(answer.at(-1)).toMatchObject({
      servedBy: [{ node: swarm.hosts[0]?.key }, { node: swarm.hosts[2]?.key }],
    });
  });

  test('is not followed by one whose shorter context would end the answer early', async () => {
    let cut = (): void => undefined;
    const { driver, hosts, swarm } = await answeringScene([
      { beforeToken: atToken(3, () => cut()) },
      { config: { contextTokens: 64 } },
      {},
    ]);
    cut = () => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    const request = chatRequest('long', { maxTokens: 100, ignoreEos: true });
    expect(textOf(await answerOf(driver, request))).toBe(textOf(await alone(request)));
    expect(hosts.map(({ engine }) => engine.status().counters.generatedTokens > 0)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('is not followed by one of a wider tier', async () => {
    let cut = (): void => undefined;
    const { clock, driver, hosts, swarm } = await answeringScene([
      { beforeToken: atToken(3, () => cut()), tier: 'own' },
      { tier: 'open' },
    ]);
    cut = () => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    const answering = answerOf(driver, chatRequest('private'));
    const refused = expect(answering).rejects.toMatchObject({
      code: 'SERVE_ROUTE_NONE',
      details: { refused: { tier: 1 } },
    });
    await passUntil(clock, refused);
    await refused;
    expect(hosts[1]?.engine.status().counters.promptTokens).toBe(0);
  });

  test('is noticed within seconds when it is frozen', async () => {
    let freeze = (): void => undefined;
    const { clock, driver, swarm } = await answeringScene([{ beforeToken: atToken(30, () => freeze()) }, {}]);
    freeze = () => swarm.hub.freeze(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    const request = chatRequest('frozen');
    const answering = answerOf(driver, request);
    expect(await passUntil(clock, answering)).toBeLessThan(2500);
    expect(textOf(await answering)).toBe(textOf(await alone(request)));
    expect(swarm.outcomes.map(({ kind }) => kind)).toEqual(['lost', 'answered']);
  });
});

describe('poison', () => {
  test('fells two workers, wherever they are, and is not passed on', async () => {
    const poisoned = { diesAt: ({ prompt }: { prompt: string }) => prompt.includes('poison') };
    const { driver, hosts } = await answeringScene([poisoned, poisoned, poisoned]);
    const request = chatRequest('poison');
    await expect(answerOf(driver, request)).rejects.toMatchObject({ code: 'SERVE_QUARANTINED' });
    const deaths = hosts.map(({ engine }) => engine.status().workers[0]?.deaths);
    expect(deaths).toEqual([1, 1, 0]);
    expect(textOf(await answerOf(driver, chatRequest('innocent')))).not.toBe('');
  });

  test('fells no third worker when a second node was asked for its first token', async () => {
    const gate = createGate();
    const dies = { diesAt: ({ prompt }: { prompt: string }) => prompt.includes('poison') };
    const slow = { ...dies, beforeToken: () => gate.pass() };
    const { clock, driver, hosts } = await answeringScene([slow, slow, dies]);
    const refused = expect(answerOf(driver, chatRequest('poison'))).rejects.toMatchObject({
      code: 'SERVE_QUARANTINED',
    });
    await gate.crowd(1);
    await passUntil(clock, gate.crowd(2));
    gate.open();
    await passUntil(clock, refused);
    await refused;
    expect(hosts.map(({ engine }) => engine.status().workers[0]?.deaths)).toEqual([1, 1, 0]);
  });

  test('is refused by a node that it felled often enough, whoever brings it', async () => {
    const { clock, hosts, swarm, driver } = await answeringScene([
      { diesAt: ({ prompt }) => prompt.includes('poison') },
    ]);
    for (let time = 0; time < 2; time++) {
      const again = await openScriptedServing({
        config: { mode: 'exact' },
        stored: [],
        replicas: swarm.replicas,
      });
      const refused = expect(answerOf(again, chatRequest('poison'))).rejects.toMatchObject({
        code: 'SERVE_QUARANTINED',
      });
      await passUntil(clock, refused);
      await refused;
    }
    expect(hosts[0]?.engine.status().workers[0]?.deaths).toBe(3);
    expect(textOf(await answerOf(driver, chatRequest('innocent')))).not.toBe('');
  });
});

describe('a late first token', () => {
  test('has a second node asked, and the first one left', async () => {
    const gate = createGate();
    const { clock, driver, hosts, swarm } = await answeringScene([{ beforeToken: () => gate.pass() }, {}]);
    const request = chatRequest('late');
    const answering = answerOf(driver, request);
    await passUntil(clock, answering);
    expect(textOf(await answering)).toBe(textOf(await alone(request)));
    await settle();
    expect(hosts.map(({ engine }) => engine.status().sessions[0]?.count)).toEqual([0, 0]);
    expect(hosts[0]?.engine.status().counters.generatedTokens).toBe(0);
    expect((await answering).at(-1)).toMatchObject({ servedBy: [{}, { node: swarm.hosts[1]?.key }] });
  });

  test('that comes after all leaves no seat where the second node failed', async () => {
    const [first, rest] = [createGate(), createGate()];
    const gates = new Map([
      [0, first],
      [5, rest],
    ]);
    const beforeToken = ({ generated }: { generated: number }) => gates.get(generated)?.pass();
    const { clock, driver, hosts } = await answeringScene([{ beforeToken }, { diesAt: once(0) }]);
    const answering = answerOf(driver, chatRequest('late'));
    await first.crowd(1);
    await passUntil(clock, clock.sleep(2_000, {}));
    expect(hosts[1]?.engine.status().workers[0]?.deaths).toBe(1);
    first.open();
    await rest.crowd(1);
    await settle();
    expect(hosts.map(({ serving }) => serving.stats())).toMatchObject([{ active: 1 }, { active: 0 }]);
    rest.open();
    await answering;
  });

  test('and a client that leaves meanwhile leave nothing waiting anywhere', async () => {
    const gate = createGate();
    const busy = createGate();
    const { clock, driver, hosts } = await answeringScene([
      { beforeToken: () => gate.pass() },
      { config: { sessionsMax: 1 }, beforeToken: () => busy.pass() },
    ]);
    const held = hosts[1] && answerOf(hosts[1], chatRequest('held'));
    await busy.crowd(1);
    const leaving = new AbortController();
    const answering = answerOf(driver, chatRequest('late'), leaving.signal);
    const left = expect(answering).rejects.toThrow('left');
    await passUntil(clock, clock.sleep(2_000, {}));
    expect(hosts[1]?.serving.stats().queued).toBe(1);
    leaving.abort(new RangeError('left'));
    await left;
    await settle();
    expect(hosts.map(({ serving }) => serving.stats())).toMatchObject([
      { active: 0, queued: 0 },
      { active: 1, queued: 0 },
    ]);
    busy.open();
    await held;
  });

  test('is waited for when there is none within the tier', async () => {
    const gate = createGate();
    const { clock, driver, hosts } = await answeringScene([
      { beforeToken: () => gate.pass() },
      { tier: 'open' },
    ]);
    const answering = answerOf(driver, chatRequest('late'));
    await gate.crowd(1);
    await passUntil(clock, clock.sleep(10_000, {}));
    gate.open();
    expect(textOf(await answering)).toBe(textOf(await alone(chatRequest('late'))));
    expect(hosts[1]?.engine.status().counters.promptTokens).toBe(0);
  });
});

describe('a client that leaves', () => {
  test('frees the slot within one way of the line and a tick, and no further token is computed', async () => {
    const { clock, driver, hosts, swarm } = await answeringScene([
      { config: { sessionsMax: 1 }, beforeToken: () => clock.sleep(20, {}) },
    ]);
    swarm.hub.shape(swarm.driver.self, swarm.hosts[0]?.key ?? '', { delayMs: 50 });
    const leaving = new AbortController();
    const completing = driver.serving.complete(chatRequest('long', { maxTokens: 500, ignoreEos: true }), {
      signal: leaving.signal,
    });
    await passUntil(clock, completing);
    const { chunks } = await completing;
    const reader = chunks[Symbol.asyncIterator]();
    await passUntil(clock, reader.next());
    const running = () => hosts[0]?.engine.status().sessions[0]?.count;
    expect(running()).toBe(1);
    leaving.abort(new RangeError('left'));
    await settle();
    clock.advance(50);
    await settle();
    clock.advance(20);
    await settle();
    expect(running()).toBe(0);
    const computed = hosts[0]?.engine.status().counters.generatedTokens;
    for (let ms = 0; ms < 500; ms += 20) {
      clock.advance(20);
      await settle(5);
    }
    expect(hosts[0]?.engine.status().counters.generatedTokens).toBe(computed);
    expect(hosts[0]?.serving.stats()).toMatchObject({ active: 0, queued: 0 });
  });
});

describe('what was computed before', () => {
  test('is reused for the same owner at the node that has it, and for nobody else', async () => {
    const { driver, swarm } = await answeringScene([{}, {}]);
    const cached = async (scope: string, from = driver): Promise<number> => {
      const answer = await from.serving.complete(chatRequest('a long beginning'), { signal: never, scope });
      return usageOf(await Array.fromAsync(answer.chunks)).cachedTokens;
    };
    expect(await cached('key:a')).toBe(0);
    expect(await cached('key:a')).toBeGreaterThan(0);
    expect(await cached('key:b')).toBe(0);
    const restarted = await openScriptedServing({
      config: { mode: 'exact' },
      stored: [],
      replicas: swarm.replicas,
    });
    expect(await cached('key:a', restarted)).toBeGreaterThan(0);
  });
});

describe('an answer that is kept', () => {
  test('goes on at another node after the end of the one that asked', async () => {
    const { swarm, clock } = await answeringScene([{}, {}]);
    const config = { mode: 'exact' } as const;
    const options = { config, clock, stored: [], replicas: swarm.replicas };
    const request = chatRequest('What is in the vein?', { choices: 2 });
    const whole = await alone(request);
    let life = await openKeptLife(options);
    await begin(life, 'a', request);
    const seen: Chunk[] = [];
    for await (const { chunk } of life.answers.follow('a', { owner: 'local', after: -1, signal: never })) {
      seen.push(chunk);
      if (seen.length >= 12) break;
    }
    life.kill();
    swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    life = await openKeptLife({ ...options, store: life.store });
    seen.push(...(await readFrom(life, 'a', seen.length - 1)).map(({ chunk }) => chunk));
    for (const choice of [0, 1]) expect(textOf(seen, choice)).toEqual(textOf(whole, choice));
  });

  test('keeps to the tier that it began with', async () => {
    const { swarm, clock, hosts } = await answeringScene([{ tier: 'own' }, { tier: 'open' }]);
    const options = { config: { mode: 'exact' } as const, clock, stored: [], replicas: swarm.replicas };
    let life = await openKeptLife(options);
    const request = { ...chatRequest('private'), maxTokens: 500, ignoreEos: true };
    await begin(life, 'a', request);
    await settle(3);
    life.kill();
    swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    life = await openKeptLife({ ...options, store: life.store, limits: { resumeTogether: 0 } });
    const failing = expect(readFrom(life, 'a')).rejects.toMatchObject({ code: 'SERVE_ROUTE_NONE' });
    await passUntil(clock, failing);
    await failing;
    expect(hosts[1]?.engine.status().counters.promptTokens).toBe(0);
    const { key: peer = '', network } = swarm.hosts[0] ?? {};
    swarm.hub.mend(swarm.driver.self, peer);
    await swarm.driver.dial({ peer, addresses: network?.addresses() ?? [] }, { signal: never });
    const rest = (await readFrom(life, 'a')).map(({ chunk }) => chunk);
    expect(textOf(rest)).toBe(textOf(await alone(request)));
  });
});

describe('a node that has the model itself', () => {
  const here = { stored: [storedModel(MODEL)] };

  test('sends what it has no slot for to another', async () => {
    const gate = createGate();
    const { driver, hosts } = await answeringScene([{}], {
      ...here,
      config: { sessionsMax: 1 },
      beforeToken: ({ prompt }) => (prompt.includes('hold') ? gate.pass() : undefined),
    });
    await driver.serving.load(MODEL, { signal: never });
    const holding = answerOf(driver, chatRequest('hold'));
    await gate.crowd(1);
    const answer = await answerOf(driver, chatRequest('one more'));
    expect(textOf(answer)).toBe(textOf(await alone(chatRequest('one more'))));
    expect(hosts[0]?.serving.stats().admitted).toBe(1);
    gate.open();
    await holding;
  });

  test('goes on itself with what another began', async () => {
    let cut = (): void => undefined;
    const stored = [{ ...storedModel(MODEL), bytes: 4e9 }];
    const { driver, swarm } = await answeringScene([{ beforeToken: atToken(9, () => cut()) }], { stored });
    cut = () => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    const answer = await answerOf(driver, chatRequest('not loaded here yet'));
    expect(textOf(answer)).toBe(textOf(await alone(chatRequest('not loaded here yet'))));
    expect(answer.at(-1)).toMatchObject({ servedBy: [{ node: swarm.hosts[0]?.key }, { node: null }] });
  });

  test('does not wait for others that say nothing', async () => {
    const { clock, driver, swarm } = await answeringScene([{}], here);
    await driver.serving.load(MODEL, { signal: never });
    swarm.replicas.candidates = () => new Promise(() => undefined);
    const answering = answerOf(driver, chatRequest('now'));
    expect(await passUntil(clock, answering)).toBeLessThan(500);
    expect(textOf(await answering)).not.toBe('');
  });
});
