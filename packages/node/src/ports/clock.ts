/** Time. Wall time may jump or be wrong: measure with `monotonicMs`, show `nowMs`. */
export interface Clock {
  /** Milliseconds since 1970, as the system claims. */
  nowMs(): number;
  /** Milliseconds that only grow. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, options: { signal?: AbortSignal }): Promise<void>;
}
