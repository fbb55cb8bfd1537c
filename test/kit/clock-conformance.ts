/** What every adapter of the Clock port must do. */
import type { Clock } from '@filon/node/ports/clock';
import { describe, expect, test } from 'vitest';

export interface ClockHarness {
  clock: Clock;
  /** Lets this much time pass for the clock's sleepers. */
  pass(durationMs: number): Promise<void>;
}

export function describeClock(name: string, open: () => ClockHarness): void {
  describe(`clock: ${name}`, () => {
    test('the monotonic clock never goes back, and moves with time', async () => {
      const { clock, pass } = open();
      const before = clock.monotonicMs();
      await pass(5);
      const after = clock.monotonicMs();
      expect(after - before).toBeGreaterThanOrEqual(4);
    });

    test('wall time is a number of milliseconds', () => {
      expect(Number.isFinite(open().clock.nowMs())).toBe(true);
    });

    test('sleepers wake in the order of their times, not before', async () => {
      const { clock, pass } = open();
      const woken: string[] = [];
      const before = clock.monotonicMs();
      const late = clock.sleep(20, {}).then(() => woken.push('late'));
      const early = clock.sleep(5, {}).then(() => woken.push('early'));
      expect(woken).toEqual([]);
      await pass(21);
      await Promise.all([late, early]);
      expect(woken).toEqual(['early', 'late']);
      expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
    });

    test('no time, and less, is over at once', async () => {
      const { clock } = open();
      await clock.sleep(0, {});
      await clock.sleep(-1, {});
    });

    test('a sleep ends with the reason of the signal', async () => {
      const { clock } = open();
      const reason = new RangeError('enough');
      await expect(clock.sleep(60_000, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const controller = new AbortController();
      const sleeping = clock.sleep(60_000, { signal: controller.signal });
      controller.abort(reason);
      await expect(sleeping).rejects.toBe(reason);
    });
  });
}
