import type { KeyId } from '@filon/core/swarm/key-id';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../adapters/memory/clock.ts';
import { createMemoryLog } from '../../adapters/memory/log.ts';
import { createMemoryStore } from '../../adapters/memory/store.ts';
import { Canaries, CHECK_EVERY_MAX, type Holder } from './canaries.ts';
import { drawQuestion } from './questions.ts';
import { RELIABILITY_OF_STRANGERS, Reliability } from './reliability.ts';

const MODEL = { model: 'a'.repeat(64), numericClass: 'class' };
const holder = (node: KeyId | null): Holder => ({ node, ...MODEL });

/** Nodes by what they answer: everybody who has the right model says the same to the same question. */
function scene(nodes: (KeyId | null)[], initial: KeyId[] = []) {
  const clock = createManualClock({ nowMs: 1_800_000_000_000 });
  const reliability = new Reliability({ clock, store: createMemoryStore() });
  const log = createMemoryLog();
  const liars = new Set<KeyId | null>(initial);
  const dead = new Set<KeyId | null>();
  const asked: (KeyId | null)[] = [];
  const questions: string[] = [];
  let seed = 1;
  const draw = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const canaries = new Canaries({
    ...{
      clock,
      reliability,
      log,
      draw,
      randomBytes: (count) => Buffer.alloc(count, Math.floor(draw() * 256)),
    },
    holders: () => nodes.map(holder),
    ask: async ({ node }, { text, seed: drawn }) => {
      asked.push(node);
      questions.push(text);
      if (dead.has(node)) throw new RangeError('gone');
      return Int32Array.from([text.length, Number(drawn & 0xffffn), liars.has(node) ? 1 : 0]);
    },
  });
  return { clock, reliability, log, liars, dead, asked, questions, canaries };
}

describe('a wrong model under a right name', () => {
  test('of a new peer is found out with its first answer', async () => {
    const { canaries, reliability } = scene(['liar', 'a', 'b'], ['liar']);
    canaries.answered(holder('liar'));
    await canaries.idle();
    expect(reliability.of('liar')).toBe(0);
    expect(reliability.of('a')).toBe(RELIABILITY_OF_STRANGERS);
    expect(canaries.isProven(holder('a'))).toBe(true);
    expect(canaries.isProven(holder('liar'))).toBe(false);
  });

  test('is found out by this node itself where there is no third', async () => {
    const { canaries, reliability, asked } = scene(['liar', null], ['liar']);
    canaries.considered([holder('liar')]);
    await canaries.idle();
    expect(reliability.of('liar')).toBe(0);
    expect(asked).toHaveLength(2);
  });

  test.each(Array.from({ length: 10 }, (_, i) => i))(
    'of a peer that turned is found out within the stated number of answers (%i)',
    async (goodFor) => {
      const { canaries, reliability, liars, clock } = scene(['peer', 'a', 'b']);
      for (let i = 0; i <= goodFor * 7; i += 1) {
        canaries.answered(holder('peer'));
        clock.advance(20_000);
        await canaries.idle();
      }
      expect(reliability.of('peer')).toBeGreaterThan(0);
      liars.add('peer');
      let answers = 0;
      while (reliability.of('peer') > 0) {
        answers += 1;
        expect(answers).toBeLessThanOrEqual(CHECK_EVERY_MAX);
        canaries.answered(holder('peer'));
        clock.advance(20_000);
        await canaries.idle();
      }
    },
  );

  test('of the witness is not held against the one that was checked', async () => {
    const { canaries, reliability, log } = scene(['new', 'liar', 'a'], ['liar']);
    canaries.considered([holder('new')]);
    await canaries.idle();
    expect(reliability.of('liar')).toBe(0);
    expect(reliability.of('new')).toBe(RELIABILITY_OF_STRANGERS);
    expect(log.lines.map(({ event }) => event)).toEqual(['swarm.wrong-answer']);
  });
});

describe('nobody is blamed', () => {
  test('where two differ and nobody can decide', async () => {
    const { canaries, reliability, log } = scene(['peer', 'a'], ['peer']);
    canaries.answered(holder('peer'));
    await canaries.idle();
    expect(reliability.of('peer')).toBeGreaterThan(0);
    expect(reliability.of('a')).toBe(RELIABILITY_OF_STRANGERS);
    expect(log.lines.map(({ event }) => event)).toEqual(['swarm.canary-undecided']);
  });

  test('where there is nobody to compare with', async () => {
    const { canaries, reliability, asked } = scene(['peer']);
    canaries.answered(holder('peer'));
    await canaries.idle();
    expect(asked).toEqual([]);
    expect(reliability.of('peer')).toBe(RELIABILITY_OF_STRANGERS);
  });

  test('where the question could not be asked', async () => {
    const { canaries, reliability, dead } = scene(['peer', 'a', 'b']);
    dead.add('a');
    dead.add('b');
    canaries.answered(holder('peer'));
    await canaries.idle();
    expect(reliability.of('peer')).toBe(RELIABILITY_OF_STRANGERS);
    expect(canaries.isProven(holder('peer'))).toBe(false);
  });
});

describe('what it costs', () => {
  test('a good peer is asked once in a while', async () => {
    const { canaries, clock, asked } = scene(['peer', 'a', 'b']);
    for (let i = 0; i < 320; i += 1) {
      canaries.answered(holder('peer'));
      clock.advance(20_000);
      await canaries.idle();
    }
    expect(asked.filter((node) => node === 'peer').length).toBeLessThanOrEqual(1 + 320 / 16);
    expect(asked.filter((node) => node === 'peer').length).toBeGreaterThanOrEqual(320 / 33);
  });

  test('a burst of failures asks once', async () => {
    const { canaries, asked } = scene(['peer', 'a', 'b']);
    for (let i = 0; i < 100; i += 1) canaries.failed(holder('peer'));
    await canaries.idle();
    canaries.failed(holder('peer'));
    await canaries.idle();
    expect(asked.filter((node) => node === 'peer')).toHaveLength(1);
  });
});

test('questions are many', () => {
  let seed = 7;
  const draw = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const drawn = new Set(Array.from({ length: 500 }, () => drawQuestion(draw)));
  expect(drawn.size).toBeGreaterThan(200);
  for (const question of drawn) expect(question).not.toContain('{}');
});
