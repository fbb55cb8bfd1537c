/** A clock that moves when it is told to. Wall time can be made to jump; the other one cannot. */
import { invariant } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';

export interface ManualClock extends Clock {
  /** Lets time pass: both clocks move, and sleepers whose time has come wake in order. */
  advance(durationMs: number): void;
  /** Changes wall time only, as a correction of the system's clock does. May be negative. */
  jump(durationMs: number): void;
}

interface Sleeper {
  dueMs: number;
  wake(): void;
}

export function createManualClock(options: { nowMs?: number } = {}): ManualClock {
  return new MemoryClock(options.nowMs ?? 0);
}

class MemoryClock implements ManualClock {
  #wallMs: number;
  #monotonicMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(wallMs: number) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(durationMs: number, options: { signal?: AbortSignal }): Promise<void> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (durationMs <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        dueMs: this.#monotonicMs + durationMs,
        wake: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  advance(durationMs: number): void {
    invariant(durationMs >= 0, 'time passes forwards');
    this.#monotonicMs += durationMs;
    this.#wallMs += durationMs;
    const due = this.#sleepers.filter((sleeper) => sleeper.dueMs <= this.#monotonicMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.dueMs > this.#monotonicMs);
    for (const sleeper of due.sort((a, b) => a.dueMs - b.dueMs)) sleeper.wake();
  }

  jump(durationMs: number): void {
    this.#wallMs += durationMs;
  }
}
