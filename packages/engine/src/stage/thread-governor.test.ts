import { expect, test } from 'vitest';
import { createThreadGovernor, type ThreadGovernor } from './thread-governor.ts';

interface Machine {
  wallMs(threads: number, rows: number): number;
  /** Of each thread's core. */
  share: number;
}

/** Decodes on a machine; returns the numbers of threads that were used. */
function run(governor: ThreadGovernor, machine: Machine, rows: readonly number[]): number[] {
  return rows.map((count) => {
    const { threads } = governor;
    const wallMs = machine.wallMs(threads, count);
    governor.observe({ rows: count, wallMs, cpuMs: machine.share * threads * wallMs });
    return threads;
  });
}

const quiet: Machine = { wallMs: (threads, rows) => (rows * 12) / threads, share: 0.97 };
const crowded: Machine = { wallMs: (threads) => (threads === 1 ? 20 : 200), share: 0.6 };
const times = (decodes: number, rows = 1): number[] => Array.from({ length: decodes }, () => rows);

test('a quiet machine always decodes with all threads, however batches grow and shrink', () => {
  const governor = createThreadGovernor(2);
  const rows = Array.from({ length: 4000 }, (_, tick) => [1, 2, 8, 32, 136][(tick >> 5) % 5] as number);
  expect(new Set(run(governor, quiet, rows))).toEqual(new Set([2]));
});

test('a crowded one goes down to fewer within a few decodes, and back when it is quiet again', () => {
  const governor = createThreadGovernor(2);
  expect(run(governor, crowded, times(12)).at(-1)).toBe(1);
  const used = run(governor, crowded, times(4000));
  expect(used.filter((threads) => threads === 2).length).toBeLessThan(20);
  run(governor, quiet, times(1100));
  expect(governor.threads).toBe(2);
});

test('decodes that collapsed are not looked at for long, nor waited for', () => {
  const governor = createThreadGovernor(2);
  const collapsed: Machine = { wallMs: (threads) => (threads === 1 ? 40 : 900), share: 0.15 };
  const used = run(governor, collapsed, times(4000));
  expect(used.slice(0, 3)).toEqual([2, 2, 1]);
  // Each trial of two threads costs one slow decode.
  expect(used.filter((threads) => threads === 2).length).toBeLessThan(10);
  run(governor, quiet, times(1100));
  expect(governor.threads).toBe(2);
  expect(run(governor, collapsed, times(3))).toEqual([2, 2, 1]);
});

test('after a crowd that came and went all threads are back soon, however long it stayed', () => {
  const mild: Machine = { wallMs: (threads) => (threads === 1 ? 20 : 40), share: 0.6 };
  for (const stayed of [100, 1000, 4000]) {
    const governor = createThreadGovernor(2);
    run(governor, mild, times(stayed));
    run(governor, quiet, times(200));
    expect(governor.threads).toBe(2);
  }
});

test('cores that are missing for another reason cost a few trials, ever fewer', () => {
  const governor = createThreadGovernor(4);
  for (const share of [0.5, 0.2]) {
    const slow: Machine = { wallMs: (threads) => 120 / threads, share };
    const used = run(governor, slow, times(4000));
    expect(used.filter((threads) => threads < 4).length).toBeLessThan(20);
  }
});

test('a trial that meets another size of batch proves nothing', () => {
  const governor = createThreadGovernor(2);
  run(governor, crowded, times(8));
  expect(governor.threads).toBe(1);
  run(governor, crowded, [8]);
  expect(governor.threads).toBe(2);
});

test('prompts between the decodes are not looked at', () => {
  const governor = createThreadGovernor(2);
  const rows = times(40).map((_, tick) => (tick % 2 === 0 ? 1 : 129));
  expect(run(governor, crowded, rows).at(-1)).toBe(1);
});
