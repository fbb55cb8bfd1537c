/** Answers through another node whose engine is a real one: its worker or its line is cut at every token. */
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import { createSystemClock } from '@filon/node/adapters/local/clock';
import { createMemoryLog } from '@filon/node/adapters/memory/log';
import type { GuestSeats, Seat } from '@filon/node/ports/replicas';
import { DEFAULT_SERVING } from '@filon/node/serve/config';
import { type OpenServing, openServing } from '@filon/node/serve/pipeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settle, withoutPauses } from './kit/answering-scene.ts';
import { type AnsweringSwarm, answeringSwarm, drawnBytes } from './kit/answering-swarm.ts';
import { createFixedModels, storedModel } from './kit/fixed-models.ts';
import { chatRequest, NAMED_GRAMMARS, never } from './kit/scripted-serving.ts';
import { openTinyEngine, type TinyEngine } from './kit/worker-engine.ts';

const TOKENS = 12;
const PROMPT = [5, 6, 7, 8, 9];
const clock = createSystemClock();

interface Host {
  tiny: TinyEngine;
  serving: OpenServing;
}

async function openHost(mode: 'fast' | 'exact'): Promise<Host> {
  const tiny = await openTinyEngine(mode);
  const { model: sha256, path, contextTokens, sessionsMax } = tiny.spec;
  const stored = { ...storedModel('tiny'), sha256, path, trainedContextTokens: contextTokens };
  const serving = await openServing(
    { ...DEFAULT_SERVING, mode, device: 'cpu', contextTokens, sessionsMax },
    {
      ...{ engine: tiny.engine, clock, log: createMemoryLog(), grammars: NAMED_GRAMMARS },
      ...{ models: createFixedModels([stored]), randomBytes: drawnBytes() },
    },
  );
  await serving.load('tiny', { signal: never });
  return { tiny, serving };
}

/** Without a model or an engine that could compute one. */
async function openDriver(
  mode: 'fast' | 'exact',
  swarm: AnsweringSwarm,
  tiny: TinyEngine,
): Promise<OpenServing> {
  return await openServing(
    { ...DEFAULT_SERVING, mode },
    {
      ...{ engine: tiny.engine, clock, log: createMemoryLog(), grammars: NAMED_GRAMMARS },
      ...{ models: createFixedModels([]), randomBytes: drawnBytes(), replicas: swarm.replicas },
    },
  );
}

const request = (temperature: number): CompletionRequest =>
  chatRequest('', {
    model: 'tiny',
    prompt: { kind: 'tokens', tokens: PROMPT },
    sampling: { ...chatRequest('').sampling, temperature },
    maxTokens: TOKENS,
    ignoreEos: true,
    topLogprobs: 1,
  });

async function answered(serving: OpenServing, asked: CompletionRequest): Promise<Chunk[]> {
  return await Array.fromAsync((await serving.complete(asked, { signal: never })).chunks);
}

/** Guest seats at which something happens when a session has drawn so many tokens, and they are on their way. */
function interrupted(guests: GuestSeats, at: number, act: () => Promise<void> | void): GuestSeats {
  async function* open(seat: Seat, ...asked: Parameters<Seat['open']>): AsyncGenerator<SessionSign> {
    let tokens = 0;
    for await (const sign of seat.open(...asked)) {
      yield sign;
      if (sign.kind !== 'token' || ++tokens !== at) continue;
      await settle(4);
      await act();
    }
  }
  return {
    offers: () => guests.offers(),
    take: async (...asked) => {
      const seat = await guests.take(...asked);
      const { node, slots } = seat;
      return {
        ...{ node, slots, open: (...session) => open(seat, ...session) },
        ready: (...more) => seat.ready(...more),
        tokenize: (...more) => seat.tokenize(...more),
        seed: (...more) => seat.seed(...more),
        embed: (...more) => seat.embed(...more),
        [Symbol.dispose]: () => seat[Symbol.dispose](),
      };
    },
  };
}

function cutLine({ hub, driver, hosts }: AnsweringSwarm): void {
  hub.cut(driver.self, hosts[0]?.key ?? '');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await clock.sleep(10, {});
}

const tokensOf = (chunks: readonly Chunk[]): number[] =>
  chunks.flatMap((chunk) => (chunk.kind === 'delta' ? chunk.logprobs.map(({ token }) => token) : []));

describe('in exact mode', () => {
  let hosts: Host[] = [];
  beforeAll(async () => {
    hosts = [await openHost('exact'), await openHost('exact')];
  });
  afterAll(async () => {
    for (const { tiny } of hosts) await tiny[Symbol.asyncDispose]();
  });

  /** The first host acts at a token of the session; the driver has no model. */
  async function scene(at: number, act: (swarm: AnsweringSwarm, first: Host) => void) {
    const swarm = answeringSwarm(clock);
    const [first, second] = hosts;
    if (!first || !second) throw new RangeError('no host');
    const guests = interrupted(first.serving.guests(), at, () => act(swarm, first));
    await swarm.host({ name: 'host0', guests });
    await swarm.host({ name: 'host1', guests: second.serving.guests() });
    return { swarm, first, driver: await openDriver('exact', swarm, first.tiny) };
  }

  test.each([0, 0.8])(
    'the line that is cut at any token changes no byte, at temperature %d',
    async (temperature) => {
      for (let at = 1; at < TOKENS; at++) {
        const { swarm, first, driver } = await scene(at, cutLine);
        const expected = await answered(first.serving, request(temperature));
        const answer = await answered(driver, request(temperature));
        expect(answer.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
        expect(withoutPauses(answer).slice(0, -1)).toEqual(expected.slice(0, -1));
        expect(answer.at(-1)).toMatchObject({ servedBy: swarm.hosts.map(({ key }) => ({ node: key })) });
        await swarm[Symbol.asyncDispose]();
      }
    },
  );

  test.each([0, 0.8])('no more does a worker that is killed, at temperature %d', async (temperature) => {
    for (const at of [1, 30, 90]) {
      // Of its own, because a prompt that was at three deaths is refused.
      const prompt = { kind: 'tokens' as const, tokens: [...PROMPT, at, temperature === 0 ? 1 : 2] };
      const asked = { ...request(temperature), prompt, maxTokens: 400 };
      const [, second] = hosts;
      const expected = second ? await answered(second.serving, asked) : [];
      const { swarm, first, driver } = await scene(at, (_, { tiny }) => tiny.kill());
      await first.serving.load('tiny', { signal: never });
      const answer = await answered(driver, asked);
      expect(answer.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
      expect(withoutPauses(answer).slice(0, -1)).toEqual(expected.slice(0, -1));
      await swarm[Symbol.asyncDispose]();
      // Its node brings the model back by itself.
      await until(() => first.tiny.engine.status().loaded.length > 0);
      expect((await answered(first.serving, asked)).slice(0, -1)).toEqual(expected.slice(0, -1));
    }
  });
});

test('in fast mode what was sent stands, and the rest is that of a fresh resume', async () => {
  const [first, second] = [await openHost('fast'), await openHost('fast')];
  for (const at of [1, 5, 11]) {
    const swarm = answeringSwarm(clock);
    const cut = (): void => swarm.hub.cut(swarm.driver.self, swarm.hosts[0]?.key ?? '');
    await swarm.host({ name: 'host0', guests: interrupted(first.serving.guests(), at, cut) });
    await swarm.host({ name: 'host1', guests: second.serving.guests() });
    const asked = request(0.8);
    const answer = await answered(await openDriver('fast', swarm, first.tiny), asked);
    expect(answer.filter(({ kind }) => kind === 'pause')).toHaveLength(1);
    const tokens = tokensOf(answer);
    const fresh: SessionRequest = {
      ...{ session: `fresh${at}`, scope: `fresh${at}`, model: second.tiny.spec.model },
      tokens: Int32Array.from([...PROMPT, ...tokens.slice(0, at)]),
      ...{ promptTokens: PROMPT.length, maxTokens: TOKENS, stop: [], grammar: null, topLogprobs: null },
      ...{ ignoreEos: true, sampling: { ...asked.sampling, seed: asked.sampling.seed ?? 0n } },
    };
    const rest: number[] = [];
    for await (const sign of second.tiny.engine.open(fresh, { signal: never })) {
      if (sign.kind === 'token') rest.push(sign.token);
    }
    expect(tokens.slice(at)).toEqual(rest);
    expect(rest).toHaveLength(TOKENS - at);
    await swarm[Symbol.asyncDispose]();
  }
  for (const { tiny } of [first, second]) await tiny[Symbol.asyncDispose]();
});
