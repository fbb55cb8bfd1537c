/** Times the parts of an answer. */
import type { Clock } from '../../ports/clock.ts';
import type { Durations } from './answer.ts';

export class Stopwatch {
  readonly #clock: Clock;
  readonly #startedMs: number;
  #admittedMs: number | null = null;
  #firstMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  admitted(): void {
    this.#admittedMs ??= this.#clock.monotonicMs();
  }

  first(): void {
    this.#firstMs ??= this.#clock.monotonicMs();
  }

  durations(): Durations {
    const nowMs = this.#clock.monotonicMs();
    const admittedMs = this.#admittedMs ?? nowMs;
    const firstMs = this.#firstMs ?? nowMs;
    return {
      totalMs: nowMs - this.#startedMs,
      loadMs: admittedMs - this.#startedMs,
      promptMs: firstMs - admittedMs,
      answerMs: nowMs - firstMs,
    };
  }
}
