/** What lies between two nodes of the hub: delay, rate, and whether anything passes. One direction each. */
import type { Clock } from '../../ports/clock.ts';

export interface LineShape {
  /** One way. */
  delayMs: number;
  /** null: any number. */
  bytesPerSecond: number | null;
}

export class Line {
  shape: LineShape = { delayMs: 0, bytesPerSecond: null };
  readonly #clock: Clock;
  #travelling: { dueMs: number; arrive: () => void }[] = [];
  #freeAtMs = 0;
  #frozen = false;
  #pumping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** Calls `arrive` when so many bytes are over, after everything that was sent before. */
  carry(bytes: number, arrive: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    const { delayMs, bytesPerSecond } = this.shape;
    const takesMs = bytesPerSecond === null ? 0 : (bytes * 1000) / bytesPerSecond;
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + takesMs;
    this.#travelling.push({ dueMs: this.#freeAtMs + delayMs, arrive });
    if (!this.#pumping) void this.#pump();
  }

  freeze(frozen: boolean): void {
    this.#frozen = frozen;
    if (!frozen && !this.#pumping) void this.#pump();
  }

  /** What is under way gets lost. */
  clear(): void {
    this.#travelling = [];
    this.#freeAtMs = 0;
  }

  /** Without a delay everything arrives before `carry` returns. */
  async #pump(): Promise<void> {
    this.#pumping = true;
    for (;;) {
      const next = this.#travelling[0];
      if (next === undefined || this.#frozen) break;
      const leftMs = next.dueMs - this.#clock.monotonicMs();
      if (leftMs > 0) {
        await this.#clock.sleep(leftMs, {});
        continue;
      }
      this.#travelling.shift();
      next.arrive();
    }
    this.#pumping = false;
  }
}
