/** How first tokens compare with what was expected of them: when one of them is late enough to ask a second seat. */
import {
  FIRST_TOKEN_FACTOR_GUESS,
  FIRST_TOKENS_ENOUGH,
  FIRST_TOKENS_KEPT,
  HEDGE_MIN_MS,
  HEDGE_SHARE_MAX,
} from './limits.ts';

const LATE_SHARE = 0.95;

export class FirstTokenTimes {
  /** Taken over expected, of the newest. */
  #factors: number[] = [];
  #requests = 0;
  #hedges = 0;

  add({ tookMs, expectedMs }: { tookMs: number; expectedMs: number }): void {
    this.#requests += 1;
    if (expectedMs <= 0) return;
    this.#factors = [...this.#factors, tookMs / expectedMs].slice(-FIRST_TOKENS_KEPT);
  }

  /** The 95th percentile of the time until the first token, of a seat of which so much is expected. */
  lateMs(expectedMs: number): number {
    const sorted = this.#factors.toSorted((a, b) => a - b);
    const measured = sorted[Math.ceil(LATE_SHARE * sorted.length) - 1] ?? FIRST_TOKEN_FACTOR_GUESS;
    const factor = sorted.length < FIRST_TOKENS_ENOUGH ? FIRST_TOKEN_FACTOR_GUESS : measured;
    return Math.max(HEDGE_MIN_MS, expectedMs * factor);
  }

  /** Whether one more second seat is within the share of requests that may have one. */
  mayHedge(): boolean {
    if (this.#hedges > this.#requests * HEDGE_SHARE_MAX) return false;
    this.#hedges += 1;
    return true;
  }
}
