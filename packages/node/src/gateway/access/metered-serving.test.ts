import { randomBytes } from 'node:crypto';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storedModel } from '../../../../../test/kit/fixed-models.ts';
import {
  chatRequest,
  MODEL,
  never,
  openScriptedServing,
  type ScriptedServing,
  type ScriptedServingOptions,
} from '../../../../../test/kit/scripted-serving.ts';
import { type Access, createAccess } from '../../access/access.ts';
import type { Key, NewKey } from '../../access/keys.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import type { Store, UsageRow } from '../../ports/store.ts';
import { servingForOwner } from './gate.ts';
import { MeteredServing } from './metered-serving.ts';

interface Metered extends ScriptedServing {
  metered: MeteredServing;
  access: Access;
  key: Key;
  store: Store;
  usage(): UsageRow;
}

const UNLIMITED: NewKey = {
  ...{ name: 'any', models: null, budgetTokens: null, budgetMoney: null },
  ...{ requestsPerMinute: null, tier: 'own', expiresInMs: null },
};
/** Goes on for ever, so that only limits end it. */
const ENDLESS = { answer: () => ' ore vein'.repeat(500) };

async function open(limits: Partial<NewKey> = {}, options: ScriptedServingOptions = {}): Promise<Metered> {
  const store = createMemoryStore();
  const clock = createManualClock();
  const access = createAccess({ pricePerMillionTokens: '1' }, { store, clock, randomBytes });
  const { key } = access.keys.add({ ...UNLIMITED, ...limits });
  const stored = [storedModel(MODEL), storedModel('other', 'b')];
  const scripted = await openScriptedServing({ ...ENDLESS, stored, ...options });
  const deps = {
    serving: scripted.serving,
    meter: access.meter,
    log: createMemoryLog(),
    answerTokensMax: 512,
  };
  const metered = new MeteredServing(key, deps);
  return { ...scripted, metered, access, key, store, usage: () => access.meter.usageOf(key.id) };
}

const chunksOf = async ({ metered }: Metered, request: CompletionRequest): Promise<Chunk[]> =>
  await Array.fromAsync((await metered.complete(request, { signal: never })).chunks);
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('what a key uses', () => {
  test('is what the answer says, and is on the disk before its end is handed on', async () => {
    const opened = await open();
    const answer = await opened.metered.complete(chatRequest('ore', { choices: 3, maxTokens: 5 }), {
      signal: never,
    });
    const ends: UsageRow[] = [];
    let told: Chunk | null = null;
    for await (const chunk of answer.chunks) {
      if (chunk.kind === 'end') ends.push(opened.usage());
      if (chunk.kind === 'usage') told = chunk;
    }
    expect(ends.map(({ requests }) => requests)).toEqual([0, 0, 1]);
    const { promptTokens, completionTokens, moneyPico } = opened.usage();
    expect(told).toMatchObject({ kind: 'usage', usage: { promptTokens, completionTokens } });
    expect(completionTokens).toBe(15);
    expect(BigInt(moneyPico)).toBe(BigInt(promptTokens + completionTokens) * 1_000_000n);
  });

  test('is counted when the reader leaves, whether by leaving or by hanging up', async () => {
    for (const way of ['return', 'abort'] as const) {
      const opened = await open();
      const leaving = new AbortController();
      const answer = await opened.metered.complete(chatRequest('ore'), { signal: leaving.signal });
      const chunks = answer.chunks[Symbol.asyncIterator]();
      for (let read = 0; read < 4; read++) await chunks.next();
      if (way === 'return') await chunks.return?.();
      else leaving.abort(new RangeError('gone'));
      await settled();
      expect(opened.usage()).toMatchObject({ requests: 1, promptTokens: answer.usage.promptTokens });
      expect(opened.usage().completionTokens).toBeGreaterThanOrEqual(4);
      expect(opened.serving.stats().active).toBe(0);
    }
  });

  test('is nothing where the answer was never read, or failed before its first token', async () => {
    const opened = await open({ budgetTokens: 600 });
    const leaving = new AbortController();
    await opened.metered.complete(chatRequest('ore'), { signal: leaving.signal });
    leaving.abort(new RangeError('gone'));
    await settled();
    expect(opened.usage().requests).toBe(0);
    const dead = await open({ budgetTokens: 600 }, { diesAt: () => true });
    await expect(chunksOf(dead, chatRequest('ore'))).rejects.toMatchObject({ code: 'SERVE_QUARANTINED' });
    expect(dead.usage().requests).toBe(0);
    // Nothing stays held.
    expect(dead.access.meter.hold(dead.key, 600).tokens).toBe(600);
  });

  test('for vectors is their input', async () => {
    const opened = await open();
    const inputs = [{ kind: 'text', text: 'ore vein' } as const];
    const { promptTokens } = await opened.metered.embed({ model: MODEL, inputs }, { signal: never });
    expect(opened.usage()).toMatchObject({ requests: 1, promptTokens, completionTokens: 0 });
  });
});

describe('vectors', () => {
  const inputs = [{ kind: 'text', text: 'ore vein '.repeat(20) } as const];

  test('hold an estimate, so that calls at the same time do not pass a budget together', async () => {
    const opened = await open({ budgetTokens: 100 });
    const calls = Array.from({ length: 5 }, () =>
      opened.metered.embed({ model: MODEL, inputs }, { signal: never }),
    );
    const ends = await Promise.allSettled(calls);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(ends.at(-1)).toMatchObject({ reason: { code: 'ACCESS_BUDGET_HELD' } });
  });

  test('that fail are paid for by estimate when they had begun, and not before', async () => {
    const { metered: _, ...opened } = await open({ budgetTokens: 1_000 });
    const gone = new RangeError('gone');
    for (const [begins, promptTokens] of [
      [false, 0],
      [true, 90],
    ] as const) {
      const serving = Object.create(opened.serving, {
        embed: {
          value: (...[, options]: Parameters<MeteredServing['embed']>) => {
            if (begins) options.onBegun?.();
            return Promise.reject(gone);
          },
        },
      });
      const meter = opened.access.meter;
      const failing = new MeteredServing(opened.key, {
        ...{ serving, meter, log: createMemoryLog(), answerTokensMax: 512 },
      });
      await expect(failing.embed({ model: MODEL, inputs }, { signal: never })).rejects.toBe(gone);
      expect(opened.usage().promptTokens).toBe(promptTokens);
    }
    expect(opened.access.meter.hold(opened.key, 1_000).tokens).toBe(910);
  });
});

describe('a budget', () => {
  test('ends an answer as its length does, and then there is none', async () => {
    const opened = await open({ budgetTokens: 40 });
    const chunks = await chunksOf(opened, chatRequest('ore', { maxTokens: null }));
    expect(chunks.find(({ kind }) => kind === 'end')).toMatchObject({ reason: 'length' });
    const { promptTokens, completionTokens } = opened.usage();
    expect(promptTokens + completionTokens).toBe(40);
    await expect(chunksOf(opened, chatRequest('ore'))).rejects.toMatchObject({ code: 'ACCESS_BUDGET' });
  });

  test('that has no room for the prompt refuses it before anything is computed', async () => {
    const opened = await open({ budgetTokens: 10 });
    await expect(chunksOf(opened, chatRequest('ore '.repeat(20)))).rejects.toMatchObject({
      code: 'ACCESS_BUDGET',
    });
    expect(opened.engine.status().counters.promptTokens).toBe(0);
    expect(opened.serving.stats().active).toBe(0);
    expect(opened.usage().requests).toBe(0);
  });

  test('is not passed by answers at the same time, of any number of choices', async () => {
    const ask = fc.record({
      choices: fc.integer({ min: 1, max: 4 }),
      maxTokens: fc.option(fc.integer({ min: 1, max: 60 })),
      words: fc.integer({ min: 1, max: 12 }),
      leaveAfter: fc.option(fc.nat(20)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 150 }),
        fc.array(ask, { maxLength: 6 }),
        async (budgetTokens, asks) => {
          const opened = await open({ budgetTokens });
          await Promise.allSettled(
            asks.map(async ({ words, leaveAfter, ...more }) => {
              const request = chatRequest('ore '.repeat(words), more);
              const answer = await opened.metered.complete(request, { signal: never });
              let read = 0;
              for await (const _ of answer.chunks) if (read++ === leaveAfter) break;
            }),
          );
          const { promptTokens, completionTokens } = opened.usage();
          expect(promptTokens + completionTokens).toBeLessThanOrEqual(budgetTokens);
          expect(opened.serving.stats().active).toBe(0);
          const left = budgetTokens - promptTokens - completionTokens;
          if (left > 0) expect(opened.access.meter.hold(opened.key, 1_000).tokens).toBe(left);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('lets a recorder hear of one beginning, of the answer that is given', async () => {
    const opened = await open({ budgetTokens: 60 });
    const starts: number[] = [];
    const recorder = {
      begun: ({ maxTokens }: { maxTokens: number }) => void starts.push(maxTokens),
      event: () => {},
    };
    const answer = await opened.metered.complete(chatRequest('ore', { maxTokens: 58 }), {
      signal: never,
      recorder,
    });
    expect(starts).toEqual([60 - answer.usage.promptTokens]);
    await answer.chunks[Symbol.asyncIterator]().return?.();
    const free = await open();
    const more: number[] = [];
    const heard = {
      begun: ({ maxTokens }: { maxTokens: number }) => void more.push(maxTokens),
      event: () => {},
    };
    await free.metered.complete(chatRequest('ore', { maxTokens: 5 }), { signal: never, recorder: heard });
    expect(more).toEqual([5]);
  });
});

describe('models', () => {
  test('that a key may not use look as if they were not there', async () => {
    const opened = await open({ models: ['other'] });
    const unknown = await opened.serving
      .complete(chatRequest('ore', { model: 'nowhere' }), { signal: never })
      .catch((error: unknown) => error);
    for (const model of [MODEL, 'a'.repeat(64), 'a'.repeat(10), 'nowhere']) {
      const refused = await opened.metered
        .complete(chatRequest('ore', { model }), { signal: never })
        .catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'SERVE_MODEL_UNKNOWN' });
      expect(String(refused).replace(model, 'nowhere')).toBe(String(unknown));
      await expect(opened.metered.embed({ model, inputs: [] }, { signal: never })).rejects.toMatchObject({
        code: 'SERVE_MODEL_UNKNOWN',
      });
      const count = { model, prompt: { kind: 'text', text: 'ore' } } as const;
      await expect(opened.metered.countTokens(count, { signal: never })).rejects.toMatchObject({
        code: 'SERVE_MODEL_UNKNOWN',
      });
    }
    expect((await opened.metered.models()).map(({ name }) => name)).toEqual(['other']);
    for (const model of ['other', 'b'.repeat(64)]) {
      expect((await chunksOf(opened, chatRequest('ore', { model, maxTokens: 2 }))).length).toBeGreaterThan(0);
    }
  });
});

describe('the owner of a stored answer', () => {
  test('has the limits that it has now, or none of it', async () => {
    const { access, key, serving, usage } = await open();
    const deps = { access, serving, log: createMemoryLog(), answerTokensMax: 512 };
    const ask = async (owner: string): Promise<Chunk[]> => {
      const answer = await servingForOwner(owner, deps).complete(chatRequest('ore', { maxTokens: 2 }), {
        signal: never,
      });
      return await Array.fromAsync(answer.chunks);
    };
    await ask('local');
    expect(usage().requests).toBe(0);
    await ask(`key:${key.id}`);
    expect(usage().requests).toBe(1);
    const { session } = access.sessions.start('pairing');
    await ask(`session:${session.id}`);
    access.sessions.end(null);
    access.keys.remove(key);
    for (const owner of [`session:${session.id}`, `key:${key.id}`, 'key:', 'session:', 'stranger', '']) {
      await expect(ask(owner)).rejects.toMatchObject({ code: 'ACCESS_KEY_WRONG' });
    }
  });
});
