import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCellContext } from './cell-context.fixture.ts';
import type { Context } from './context.ts';
import { createSlots, type Slot, type Slots } from './slots.ts';

const SPEC = { sequences: 3, cells: 4096, sequenceTokensMax: 256, rowsMax: 16 };

interface Bench {
  slots: Slots;
  /** Who wrote each cell, by sequence. */
  authors: string[][];
  /** Writes what the slot lacks of these tokens, as a session does. */
  fill(slot: Slot, tokens: readonly number[]): void;
}

function openBench({ canTrim = true, count = SPEC.sequences } = {}): Bench {
  const authors = Array.from({ length: count }, (): string[] => []);
  const context: Context = {
    ...createCellContext(SPEC),
    trim: (sequence, from) => {
      if (!canTrim && from > 0 && from < (authors[sequence]?.length ?? 0)) return false;
      authors[sequence] = (authors[sequence] ?? []).slice(0, from);
      return true;
    },
    copy: (source, target, tokens) => {
      authors[target] = (authors[source] ?? []).slice(0, tokens);
    },
  };
  return {
    slots: createSlots(context, { count, canTrim }),
    authors,
    fill: (slot, tokens) => {
      for (const token of tokens.slice(slot.cached.length)) {
        slot.cached.push(token);
        authors[slot.sequence]?.push(slot.scope);
      }
    },
  };
}

const PROMPT = Array.from({ length: 100 }, (_, index) => index);

function taken({ slots }: Bench, scope: string, tokens = PROMPT): Slot {
  const slot = slots.take({ tokens, scope }, 1);
  if (slot === null) return expect.fail('a slot is idle');
  return slot;
}

describe('scopes', () => {
  test('an idle slot is taken over within its scope', () => {
    const bench = openBench({ count: 1 });
    const first = taken(bench, 'a');
    bench.fill(first, PROMPT);
    bench.slots.release(first, 1);
    expect(taken(bench, 'a').cached).toHaveLength(PROMPT.length - 1);
  });

  test('the slot of another scope is a victim and keeps nothing, also for the one who had it', () => {
    const bench = openBench({ count: 1 });
    for (const scope of ['a', 'b', '', 'a']) {
      const slot = taken(bench, scope);
      expect(slot).toMatchObject({ scope, cached: [] });
      expect(bench.authors[slot.sequence]).toEqual([]);
      bench.fill(slot, PROMPT);
      bench.slots.release(slot, 1);
    }
  });

  test('a busy slot is copied within its scope alone', () => {
    const bench = openBench();
    bench.fill(taken(bench, 'a'), PROMPT);
    expect(taken(bench, 'b').cached).toEqual([]);
    expect(taken(bench, 'a').cached).toHaveLength(PROMPT.length - 1);
  });

  test('whatever came before, a take keeps no cell that another scope wrote', () => {
    const step = fc.record({
      scope: fc.constantFrom('', 'a', 'b'),
      shared: fc.integer({ min: 0, max: 90 }),
      own: fc.array(fc.integer({ min: 200, max: 202 }), { minLength: 1, maxLength: 5 }),
      written: fc.double({ min: 0, max: 1, noNaN: true }),
      ends: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, canTrim) => {
        const bench = openBench({ canTrim });
        const busy: Slot[] = [];
        for (const [tick, { scope, shared, own, written, ends }] of steps.entries()) {
          const tokens = [...PROMPT.slice(0, shared), ...own];
          const slot = bench.slots.take({ tokens, scope }, tick);
          if (slot !== null) {
            expect(slot.cached).toEqual(tokens.slice(0, slot.cached.length));
            expect(bench.authors[slot.sequence]).toEqual(slot.cached.map(() => scope));
            bench.fill(slot, tokens.slice(0, Math.ceil(written * tokens.length)));
            busy.push(slot);
          }
          if (ends < busy.length || slot === null) {
            for (const done of busy.splice(ends % busy.length, 1)) bench.slots.release(done, tick);
          }
        }
      }),
    );
  });
});
