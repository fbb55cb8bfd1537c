import { expect, test } from 'vitest';
import { describeClock } from '../../../../../test/kit/clock-conformance.ts';
import { describeLog } from '../../../../../test/kit/log-conformance.ts';
import { CARDS, describeRig } from '../../../../../test/kit/rig-conformance.ts';
import { describeStore } from '../../../../../test/kit/store-conformance.ts';
import { createManualClock } from './clock.ts';
import { createMemoryLog } from './log.ts';
import { createMemoryRig } from './rig.ts';
import { createMemoryStore } from './store.ts';

describeStore('memory', async () => createMemoryStore());
describeRig('memory', async () => createMemoryRig({ cards: CARDS }, { clock: createManualClock() }));
describeClock('manual', () => {
  const clock = createManualClock();
  return { clock, pass: async (durationMs) => clock.advance(durationMs) };
});
describeLog('memory', async () => {
  const log = createMemoryLog();
  return { log, read: async () => JSON.stringify(log.lines) };
});

test('a jump of wall time wakes nobody and moves no measured time', async () => {
  const clock = createManualClock({ nowMs: 1000 });
  const leaving = new AbortController();
  let woken = false;
  const sleeping = clock.sleep(10, { signal: leaving.signal }).then(() => {
    woken = true;
  });
  clock.jump(1e9);
  await Promise.resolve();
  expect([woken, clock.monotonicMs(), clock.nowMs()]).toEqual([false, 0, 1000 + 1e9]);
  leaving.abort(new RangeError('done'));
  await expect(sleeping).rejects.toThrow('done');
});
