import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createManualClock } from './adapters/memory/clock.ts';
import { giveBackLater } from './give-back.ts';

test('memory is given back once, after the start, unless the node ends before', async () => {
  const clock = createManualClock();
  const collect = vi.fn();
  using _later = giveBackLater(collect, clock);
  clock.advance(1_999);
  await nextTurn();
  expect(collect).not.toHaveBeenCalled();
  clock.advance(600_000);
  await nextTurn();
  expect(collect.mock.calls).toEqual([[{ type: 'major', flavor: 'last-resort', execution: 'sync' }]]);
  giveBackLater(collect, clock)[Symbol.dispose]();
  clock.advance(600_000);
  await nextTurn();
  expect(collect).toHaveBeenCalledTimes(1);
});
