/** A clock for many thousands of sleepers: time passes in steps, and whoever is due wakes. */
import type { Clock } from '@filon/node/ports/clock';

export class VirtualClock implements Clock {
  readonly #startMs: number;
  readonly #stepMs: number;
  /** By the step at which they wake. */
  readonly #sleepers = new Map<number, Set<() => void>>();
  #steps = 0;

  constructor(about: { startMs: number; stepMs: number }) {
    this.#startMs = about.startMs;
    this.#stepMs = about.stepMs;
  }

  nowMs(): number {
    return this.#startMs + this.monotonicMs();
  }

  monotonicMs(): number {
    return this.#steps * this.#stepMs;
  }

  sleep(durationMs: number, { signal }: { signal?: AbortSignal }): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const due = this.#steps + Math.max(1, Math.ceil(durationMs / this.#stepMs));
    const sleepers = this.#sleepers.get(due) ?? new Set();
    this.#sleepers.set(due, sleepers);
    const leave = (): void => {
      sleepers.delete(wake);
      reject(signal?.reason);
    };
    const wake = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    sleepers.add(wake);
    signal?.addEventListener('abort', leave, { once: true });
    return promise;
  }

  step(): void {
    this.#steps += 1;
    const due = this.#sleepers.get(this.#steps);
    this.#sleepers.delete(this.#steps);
    for (const wake of due ?? []) wake();
  }
}
