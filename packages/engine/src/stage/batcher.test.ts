import { DEFAULT_SAMPLING } from '@filon/core/serving/sampling';
import type { SessionRequest } from '@filon/core/serving/session';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batcher, createBatcher, type SessionOutput } from './batcher.ts';
import {
  type CellContext,
  type CellSpec,
  createCellContext,
  letterWeights,
  nextToken,
} from './cell-context.fixture.ts';
import { createDecodeMeter, processTimes } from './decode-meter.ts';
import { COPY_GAIN_TOKENS_MIN } from './slots.ts';
import type { Weights } from './weights.ts';

const ROOMY: CellSpec = { sequences: 4, cells: 4096, sequenceTokensMax: 256, rowsMax: 16 };

interface Bench {
  batcher: Batcher;
  context: CellContext;
  outputs: Map<string, SessionOutput[]>;
  /** Resolves when the session has ended, however. */
  ended(session: string): Promise<SessionOutput[]>;
}

/** `nowMs`: the time, which stands still by default. */
function openBench({ nowMs = () => 0, ...spec }: Partial<CellSpec> & { nowMs?: () => number } = {}): Bench {
  const cells = { ...ROOMY, ...spec };
  const context = createCellContext(cells);
  const outputs = new Map<string, SessionOutput[]>();
  const waiting = new Map<string, () => void>();
  const batcher = createBatcher({
    model: 'letters',
    weights: letterWeights() as Weights,
    context,
    sessionsMax: cells.sequences,
    governor: null,
    meter: createDecodeMeter(processTimes),
    nowMs,
    emit: (batch) => {
      for (const [session, output] of batch) {
        outputs.set(session, [...(outputs.get(session) ?? []), output]);
        if (output.kind === 'end' || output.kind === 'error') waiting.get(session)?.();
      }
    },
  });
  const ended = async (session: string): Promise<SessionOutput[]> => {
    const last = outputs.get(session)?.at(-1)?.kind;
    if (last !== 'end' && last !== 'error') await new Promise<void>((done) => waiting.set(session, done));
    return outputs.get(session) ?? [];
  };
  return { batcher, context, outputs, ended };
}

function request(
  session: string,
  prompt: readonly number[],
  more: Partial<SessionRequest> = {},
): SessionRequest {
  return {
    session,
    model: 'letters',
    tokens: Int32Array.from(prompt),
    promptTokens: prompt.length,
    maxTokens: 12,
    sampling: { ...DEFAULT_SAMPLING, temperature: 0 },
    stop: [],
    grammar: null,
    topLogprobs: null,
    ignoreEos: false,
    ...more,
  };
}

/** What the model says after a prompt, computed one by one. */
function expected(prompt: readonly number[], count: number): number[] {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + count) tokens.push(nextToken(tokens));
  return tokens.slice(prompt.length);
}

function tokensOf(outputs: readonly SessionOutput[]): number[] {
  return outputs.flatMap((output) => (output.kind === 'token' ? [output.token] : []));
}

const promptArbitrary = fc.array(fc.integer({ min: 2, max: 63 }), { minLength: 1, maxLength: 60 });

describe('answers', () => {
  test('any sessions, in any order, with little room, say what each would say alone', async () => {
    const session = fc.record({
      shared: fc.integer({ min: 0, max: 50 }),
      own: promptArbitrary,
      maxTokens: fc.integer({ min: 1, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(session, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 150, max: 400 }),
        async (sessions, cells) => {
          const bench = openBench({ cells });
          const shared = Array.from({ length: 50 }, (_, i) => 2 + (i % 60));
          for (const group of chunksOf(sessions, ROOMY.sequences)) {
            const started = group.map(({ shared: length, own, maxTokens }, index) => {
              const prompt = [...shared.slice(0, length), ...own];
              const id = `${index}`;
              bench.outputs.delete(id);
              bench.batcher.open(request(id, prompt, { maxTokens }));
              return { id, prompt, maxTokens };
            });
            for (const { id, prompt, maxTokens } of started) {
              expect(tokensOf(await bench.ended(id))).toEqual(expected(prompt, maxTokens));
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a session resumed at any position goes on as if nothing had happened', async () => {
    const prompt = [5, 6, 7, 8, 9];
    const answer = expected(prompt, 12);
    for (let cut = 0; cut < answer.length; cut += 1) {
      const bench = openBench();
      const tokens = Int32Array.from([...prompt, ...answer.slice(0, cut)]);
      bench.batcher.open(request('r', prompt, { tokens }));
      expect(tokensOf(await bench.ended('r'))).toEqual(answer.slice(cut));
    }
  });

  test('a short prompt has its first token while long ones before it are read', async () => {
    const { batcher, outputs, ended } = openBench({ rowsMax: 16 });
    const long = (letter: number): number[] => Array.from({ length: 200 }, () => letter);
    for (const [index, prompt] of [long(1), long(2), [3, 4, 5]].entries())
      batcher.open(request(`s${index}`, prompt));
    const firsts: string[] = [];
    const [short] = await Promise.all([
      ended('s2').then((answer) => {
        firsts.push(...outputs.keys());
        return answer;
      }),
      ended('s0'),
      ended('s1'),
    ]);
    expect(firsts).toEqual(['s2']);
    expect(short.at(-1)).toMatchObject({ kind: 'end' });
  });

  test('the room of a session is its end', async () => {
    const bench = openBench({ sequenceTokensMax: 20 });
    bench.batcher.open(request('a', expected([3], 10), { maxTokens: 100 }));
    const outputs = await bench.ended('a');
    expect(tokensOf(outputs)).toHaveLength(10);
    expect(outputs.at(-1)).toMatchObject({ kind: 'end', reason: 'length' });
  });
});

describe('prefixes', () => {
  test('a prompt that was there is not computed again', async () => {
    const bench = openBench();
    const prompt = expected([9], 50);
    bench.batcher.open(request('first', prompt, { maxTokens: 1 }));
    await bench.ended('first');
    const before = bench.context.computedRows;
    bench.batcher.open(request('second', prompt, { maxTokens: 1 }));
    expect((await bench.ended('second'))[0]).toEqual({ kind: 'prefilled', cachedTokens: 49 });
    expect(bench.context.computedRows - before).toBe(1);
  });

  test('a prompt that another scope computes is not waited for', async () => {
    const bench = openBench({ rowsMax: 256 });
    const prompt = expected([9], 100);
    for (const scope of ['a', 'b']) bench.batcher.open(request(scope, prompt, { maxTokens: 1, scope }));
    for (const id of ['a', 'b']) await bench.ended(id);
    expect(bench.context.decodes).toBe(1);
  });

  test('a prompt of another scope gives nothing of its cells', async () => {
    const bench = openBench({ rowsMax: 32 });
    const prompt = expected([9], 100);
    const scopes = { first: 'a', second: 'b', third: 'a', fourth: undefined };
    for (const [id, scope] of Object.entries(scopes))
      bench.batcher.open(request(id, prompt, { maxTokens: 2, ...(scope !== undefined && { scope }) }));
    const cached = new Map<string, unknown>();
    for (const id of Object.keys(scopes)) {
      const outputs = await bench.ended(id);
      expect(tokensOf(outputs)).toEqual(expected(prompt, 2));
      const begun = outputs.find(({ kind }) => kind === 'prefilled');
      cached.set(id, begun?.kind === 'prefilled' ? begun.cachedTokens : null);
    }
    expect(Object.fromEntries(cached)).toEqual({ first: 0, second: 0, third: expect.any(Number), fourth: 0 });
    expect(cached.get('third')).toBeGreaterThan(0);
    bench.batcher.open(request('later', prompt, { maxTokens: 1, scope: 'c' }));
    expect((await bench.ended('later'))[0]).toEqual({ kind: 'prefilled', cachedTokens: 0 });
  });

  test('sessions that come together with one prompt compute it once, but for a remainder not worth waiting for', async () => {
    const bench = openBench({ rowsMax: 32 });
    const prompt = expected([9], 100);
    for (const id of ['a', 'b', 'c', 'd']) bench.batcher.open(request(id, prompt, { maxTokens: 2 }));
    for (const id of ['a', 'b', 'c', 'd'])
      expect(tokensOf(await bench.ended(id))).toEqual(expected(prompt, 2));
    expect(bench.batcher.counters.cachedTokens).toBeGreaterThan(3 * (99 - COPY_GAIN_TOKENS_MIN));
  });
});

describe('cancelling', () => {
  test('in the middle of a decode: nothing more is drawn, and the slot serves the next one', async () => {
    let cancel: (() => void) | null = null;
    const bench = openBench({
      sequences: 1,
      onDecode: async () => cancel?.(),
    });
    const prompt = expected([4], 40);
    bench.batcher.open(request('gone', prompt, { maxTokens: 100 }));
    await untilTokens(bench, 'gone', 3);
    const drawn = await new Promise<number>((resolve) => {
      cancel = () => {
        cancel = null;
        bench.batcher.cancel('gone');
        resolve(bench.batcher.counters.generatedTokens);
      };
    });
    bench.batcher.open(request('next', prompt, { maxTokens: 5 }));
    expect(tokensOf(await bench.ended('next'))).toEqual(expected(prompt, 5));
    expect(bench.batcher.counters.generatedTokens).toBe(drawn + 5);
    expect(bench.batcher.counters.cancelled).toBe(1);
  });

  test('more sessions than slots, and an id twice, are refused', () => {
    const bench = openBench({ sequences: 1 });
    bench.batcher.open(request('a', [5]));
    expect(() => bench.batcher.open(request('b', [5]))).toThrow(
      expect.objectContaining({ code: 'ENGINE_SLOTS_FULL' }),
    );
    expect(() => bench.batcher.open(request('a', [5]))).toThrow(
      expect.objectContaining({ code: 'ENGINE_SESSION_BUSY' }),
    );
  });

  test('closing ends open sessions with an error', async () => {
    const bench = openBench();
    bench.batcher.open(request('a', [5], { maxTokens: 200 }));
    await untilTokens(bench, 'a', 1);
    await bench.batcher.close();
    expect(bench.outputs.get('a')?.at(-1)).toMatchObject({ kind: 'error', error: { code: 'ENGINE_CLOSED' } });
    expect(() => bench.batcher.open(request('b', [5]))).toThrow(
      expect.objectContaining({ code: 'ENGINE_CLOSED' }),
    );
  });
});

describe('a session that waits', () => {
  const DECODE_MS = 200;
  const waitsOf = (outputs: readonly SessionOutput[] = []): number =>
    outputs.filter(({ kind }) => kind === 'waiting').length;

  function openTimed(spec: Partial<CellSpec>): Bench & { decodes(): number } {
    let decodes = 0;
    const onDecode = async (): Promise<void> => {
      decodes += 1;
    };
    const bench = openBench({ ...spec, onDecode, nowMs: () => decodes * DECODE_MS });
    return { ...bench, decodes: () => decodes };
  }

  test('because it gave its slot back is said to, once a second, and no other is', async () => {
    const bench = openTimed({ sequences: 2, cells: 64 });
    const [old, young] = [expected([4], 8), expected([5], 8)];
    bench.batcher.open(request('old', old, { maxTokens: 50 }));
    bench.batcher.open(request('young', young, { maxTokens: 50 }));
    expect(tokensOf(await bench.ended('old'))).toEqual(expected(old, 50));
    const outputs = bench.outputs.get('young') ?? [];
    // Both had some tokens before the room was too little; from then on the young one waited.
    const quietMs = (50 - tokensOf(outputs).length) * DECODE_MS;
    expect(tokensOf(outputs).length).toBeLessThan(40);
    expect(waitsOf(outputs)).toBeGreaterThanOrEqual(Math.floor(quietMs / 1000) - 1);
    expect(waitsOf(outputs)).toBeLessThanOrEqual(Math.ceil(quietMs / 1000) + 1);
    expect(waitsOf(bench.outputs.get('old'))).toBe(0);
    expect(tokensOf(await bench.ended('young'))).toEqual(expected(young, 50));
  });

  test('for its long prompt is said to before its first token, and never after its end', async () => {
    const bench = openTimed({ rowsMax: 8 });
    bench.batcher.open(request('long', expected([6], 160), { maxTokens: 3 }));
    const outputs = await bench.ended('long');
    expect(outputs.map(({ kind }) => kind)).toEqual([
      ...['waiting', 'waiting', 'waiting'],
      ...['prefilled', 'token', 'token', 'token', 'end'],
    ]);
    expect(bench.decodes()).toBe(22);
  });
});

/** Gives the loop turns until a session has so many tokens. */
async function untilTokens(bench: Bench, session: string, count: number): Promise<void> {
  while (tokensOf(bench.outputs.get(session) ?? []).length < count) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
