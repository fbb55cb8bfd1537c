import { expect, test } from 'vitest';
import { createThreadGovernor, type ThreadGovernor } from './thread-governor.ts';

/** Decodes whose time depends on the number of threads in use; returns the numbers that were used. */
function run(governor: ThreadGovernor, decodes: number, msOf: (threads: number) => number): number[] {
  return Array.from({ length: decodes }, () => {
    const { threads } = governor;
    governor.observe(1, msOf(threads));
    return threads;
  });
}

const quiet = (threads: number): number => 12 / threads;
const crowded = (threads: number): number => (threads === 1 ? 20 : 200);

test('a quiet machine always decodes with all threads', () => {
  const governor = createThreadGovernor(2);
  expect(new Set(run(governor, 2000, quiet))).toEqual(new Set([2]));
});

test('a crowded one goes down to fewer, and back when it is quiet again', () => {
  const governor = createThreadGovernor(2);
  run(governor, 50, quiet);
  const used = run(governor, 1000, crowded);
  expect(used.filter((threads) => threads === 1).length).toBeGreaterThan(850);
  run(governor, 400, quiet);
  expect(governor.threads).toBe(2);
});

test('a machine that is slow whatever it does keeps its threads', () => {
  const governor = createThreadGovernor(4);
  run(governor, 50, quiet);
  const used = run(governor, 1000, (threads) => 10 * quiet(threads));
  expect(used.filter((threads) => threads === 4).length).toBeGreaterThan(450);
});
