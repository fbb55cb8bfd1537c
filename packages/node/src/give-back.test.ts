import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createManualClock } from './adapters/memory/clock.ts';
import { createGiveBack } from './give-back.ts';

test('memory is given back once for each time that it was asked, a while after the last', async () => {
  const clock = createManualClock();
  const collect = vi.fn();
  using giveBack = createGiveBack(collect, clock);
  const pass = async (durationMs: number): Promise<void> => {
    clock.advance(durationMs);
    await nextTurn();
  };
  await pass(600_000);
  giveBack.soon();
  await pass(1_999);
  giveBack.soon();
  await pass(1_999);
  expect(collect).not.toHaveBeenCalled();
  await pass(600_000);
  expect(collect.mock.calls).toEqual([[{ type: 'major', flavor: 'last-resort', execution: 'sync' }]]);
  giveBack.soon();
  await pass(2_000);
  expect(collect).toHaveBeenCalledTimes(2);
});

test('a node that ends before gives nothing back', async () => {
  const clock = createManualClock();
  const collect = vi.fn();
  const giveBack = createGiveBack(collect, clock);
  giveBack.soon();
  giveBack[Symbol.dispose]();
  clock.advance(600_000);
  await nextTurn();
  expect(collect).not.toHaveBeenCalled();
});
