/** The machine's own clocks. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';

/** Timers hold 31 bits of milliseconds; longer sleeps are cut into such pieces. */
const TIMER_MAX_MS = 0x7fff_ffff;

export function createSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep,
  };
}

async function sleep(durationMs: number, options: { signal?: AbortSignal }): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  for (let leftMs = durationMs; leftMs > 0; leftMs -= TIMER_MAX_MS) {
    try {
      await delay(Math.min(leftMs, TIMER_MAX_MS), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  }
}
