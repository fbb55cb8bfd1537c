import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import { describe, expect, test } from 'vitest';
import { fullDisk } from '../../../../../test/kit/full-disk.ts';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import type { Engine } from '../../ports/engine.ts';
import { createMeteredEngine } from './metered-engine.ts';
import { SpeedMeter } from './speed-meter.ts';

const MODEL = { model: 'a'.repeat(64), numericClass: 'exact-1' };
const REQUEST: SessionRequest = {
  ...{ session: 's', model: MODEL.model, tokens: new Int32Array(200), promptTokens: 200, maxTokens: 64 },
  sampling: { ...({} as SessionRequest['sampling']) },
  ...{ stop: [], grammar: null, topLogprobs: null, ignoreEos: false },
};
const signal = new AbortController().signal;

function open() {
  const clock = createManualClock({ nowMs: 1_800_000_000_000 });
  const store = createMemoryStore();
  return { clock, store, meter: new SpeedMeter({ clock, store }) };
}

/** Reads at 1,000 tokens a second and draws at 50, of which 100 were in the cache. */
function steady(clock: ReturnType<typeof createManualClock>, tokens: number): Engine {
  return drawing(clock, steps(tokens, 20));
}

/** The same, but each token has to be waited for as long as `waitsMs` says. */
function drawing(clock: ReturnType<typeof createManualClock>, waitsMs: readonly number[]): Engine {
  const part = {
    async *open(): AsyncGenerator<SessionSign> {
      clock.advance(100);
      yield { kind: 'prefilled', cachedTokens: 100 };
      for (const [i, waitMs] of waitsMs.entries()) {
        clock.advance(waitMs);
        yield { kind: 'token', position: 200 + i, token: 1, text: 'x', logprob: null };
      }
      yield { kind: 'end', reason: 'length', text: '' };
    },
    status: () => ({ loaded: [{ ...MODEL }] }),
  };
  return part as unknown as Engine;
}

function steps(count: number, ms: number): number[] {
  return Array.from({ length: count }, () => ms);
}

async function read(sessions: AsyncIterable<SessionSign>, atToken: () => void = () => {}): Promise<void> {
  for await (const sign of sessions) if (sign.kind === 'token') atToken();
}

describe('what a node computes', () => {
  test('is measured as sessions run, without what was in the cache', async () => {
    const { clock, meter } = open();
    const engine = createMeteredEngine(steady(clock, 40), { meter, clock });
    await read(engine.open(REQUEST, { signal }));
    expect(meter.rates(MODEL)).toEqual([{ sessions: 1, prefill: 1000, decode: 50 }]);
    expect(meter.rates({ ...MODEL, numericClass: null })).toEqual([]);
  });

  test('is not taken from a reader who is slow', async () => {
    const { clock, meter } = open();
    const engine = createMeteredEngine(steady(clock, 40), { meter, clock });
    await read(engine.open(REQUEST, { signal }), () => clock.advance(500));
    expect(meter.rates(MODEL)).toEqual([]);
  });

  test('is not taken from what was drawn while the reader was away', async () => {
    const { clock, meter } = open();
    const waitsMs = [...steps(20, 20), ...steps(200, 0.01), ...steps(40, 20)];
    const engine = createMeteredEngine(drawing(clock, waitsMs), { meter, clock });
    let tokensRead = 0;
    await read(engine.open(REQUEST, { signal }), () => {
      tokensRead += 1;
      if (tokensRead === 20) clock.advance(4000);
    });
    expect(meter.rates(MODEL)).toEqual([{ sessions: 1, prefill: 1000, decode: 50 }]);
  });

  test.each([3, 16])('is taken from tokens that its worker sends %i at a time', async (together) => {
    const { clock, meter } = open();
    const waitsMs = steps(96, 0).map((_, i) => (i % together === 0 ? 3 * together : 0));
    await read(createMeteredEngine(drawing(clock, waitsMs), { meter, clock }).open(REQUEST, { signal }));
    const [{ decode } = { decode: 0 }] = meter.rates(MODEL);
    // The first window begins with a wait for a whole group.
    expect(decode).toBeGreaterThan(250);
    expect(decode).toBeLessThan(340);
  });

  test.each([0, 5, 15, 16])(
    'is not taken from what came at once, %i tokens into a window',
    async (before) => {
      const { clock, meter } = open();
      // This process stands still for 4 s, while 200 tokens are drawn; then they come as fast as they can be read.
      const waitsMs = [...steps(before, 20), 4000, ...steps(199, 0.01), ...steps(40, 20)];
      const engine = createMeteredEngine(drawing(clock, waitsMs), { meter, clock });
      await read(engine.open(REQUEST, { signal }));
      const [{ decode } = { decode: 0 }] = meter.rates(MODEL);
      expect(decode).toBeGreaterThan(49);
      expect(decode).toBeLessThan(51);
    },
  );

  test('is told by how many ran together', async () => {
    const { clock, meter } = open();
    const engine = createMeteredEngine(steady(clock, 40), { meter, clock });
    const other = engine.open(REQUEST, { signal })[Symbol.asyncIterator]();
    await other.next();
    await read(engine.open(REQUEST, { signal }));
    await other.return?.();
    expect(meter.rates(MODEL).map(({ sessions }) => sessions)).toEqual([1, 2]);
  });

  test('is a running mean, by steps, and what is missing is as nearby', () => {
    const { meter } = open();
    meter.add(MODEL, 'prefill', { sessions: 1, perSecond: 1000 });
    meter.add(MODEL, 'decode', { sessions: 1, perSecond: 50 });
    meter.add(MODEL, 'decode', { sessions: 1, perSecond: 100 });
    meter.add(MODEL, 'decode', { sessions: 7, perSecond: 20 });
    meter.add(MODEL, 'decode', { sessions: 7, perSecond: Number.POSITIVE_INFINITY });
    expect(meter.rates(MODEL)).toEqual([
      { sessions: 1, prefill: 1000, decode: 60 },
      { sessions: 4, prefill: 1000, decode: 20 },
    ]);
  });

  test('is known after a restart', () => {
    const { meter, clock, store } = open();
    meter.add(MODEL, 'prefill', { sessions: 1, perSecond: 1000 });
    meter.add(MODEL, 'decode', { sessions: 1, perSecond: 50 });
    clock.advance(60_000);
    meter.add(MODEL, 'decode', { sessions: 1, perSecond: 50 });
    expect(new SpeedMeter({ clock, store }).rates(MODEL)).toEqual(meter.rates(MODEL));
    expect(meter.rates(MODEL)).toHaveLength(1);
  });

  test('does not fail a session where the disk is full', async () => {
    const { clock, store } = open();
    const disk = fullDisk(store);
    disk.isFull = true;
    const meter = new SpeedMeter({ clock, store: disk.store });
    const engine = createMeteredEngine(steady(clock, 40), { meter, clock });
    await read(engine.open(REQUEST, { signal }));
    expect(meter.rates(MODEL)).toHaveLength(1);
    expect(store.list('speeds')).toEqual([]);
  });

  test('is kept of a bounded number of models', () => {
    const { meter, store, clock } = open();
    for (let i = 0; i < 100; i += 1) {
      const one = { model: `model-${i}`, numericClass: null };
      meter.add(one, 'prefill', { sessions: 1, perSecond: 1000 });
      clock.advance(60_000);
      meter.add(one, 'decode', { sessions: 1, perSecond: 50 });
    }
    expect(store.list('speeds')).toHaveLength(64);
    expect(meter.rates({ model: 'model-0', numericClass: null })).toEqual([]);
  });
});
