/**
 * Notices a node that fell silent, by how regularly it has spoken so far: the far side says something at least every
 * {@link BEAT_MS}, so the limit follows the measured gaps and their spread, not a constant.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../ports/clock.ts';
import { BEAT_MS, QUIET_MAX_MS, QUIET_MIN_MS } from './answer-constants.ts';

/** As for the retransmission of TCP (RFC 6298): of a new gap in the mean and in the mean deviation. */
const GAP_WEIGHT = 1 / 8;
const DEVIATION_WEIGHT = 1 / 4;
const DEVIATIONS = 4;
/** Gaps missed in a row. */
const GAPS_MISSED = 3;
const READING_TURNS = 4;

export class QuietWatch {
  readonly #clock: Clock;
  #gapMs = BEAT_MS;
  #deviationMs: number;
  #heardMs: number;
  /** This side is not listening: its own reader is slow. */
  #resting = false;

  constructor(clock: Clock, { roundTripMs }: { roundTripMs: number | null }) {
    this.#clock = clock;
    this.#deviationMs = roundTripMs ?? BEAT_MS;
    this.#heardMs = clock.monotonicMs();
  }

  heard(): void {
    const nowMs = this.#clock.monotonicMs();
    const gapMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    if (this.#resting) return;
    this.#deviationMs += (Math.abs(gapMs - this.#gapMs) - this.#deviationMs) * DEVIATION_WEIGHT;
    this.#gapMs += (gapMs - this.#gapMs) * GAP_WEIGHT;
  }

  rest(): void {
    this.#resting = true;
  }

  listen(): void {
    this.#resting = false;
    this.#heardMs = this.#clock.monotonicMs();
  }

  limitMs(): number {
    const expectedMs = Math.max(this.#gapMs, BEAT_MS / GAPS_MISSED) + DEVIATIONS * this.#deviationMs;
    return Math.min(QUIET_MAX_MS, Math.max(QUIET_MIN_MS, GAPS_MISSED * expectedMs));
  }

  /** Resolves with the length of a silence that was too long. Rejects with the signal's reason. */
  async untilQuiet(signal: AbortSignal): Promise<number> {
    for (;;) {
      const quietMs = this.#resting ? 0 : this.#clock.monotonicMs() - this.#heardMs;
      const leftMs = this.limitMs() - quietMs;
      if (leftMs > 0) {
        await this.#clock.sleep(leftMs, { signal });
        // What arrived while this process was busy is read first.
        for (let turn = 0; turn < READING_TURNS; turn++) await nextTurn();
      } else return quietMs;
    }
  }
}
