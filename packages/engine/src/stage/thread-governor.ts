/**
 * How many threads decode. Threads wait for one another by spinning: where something else has taken a core, two are many
 * times slower than one. A quiet machine never pays for this: fewer threads are tried only when ticks have become much
 * slower than they were.
 */

export interface ThreadGovernor {
  /** Threads for the next decode. */
  readonly threads: number;
  /** Takes note of a decode of `rows` rows that took `tookMs`. */
  observe(rows: number, tookMs: number): void;
}

/** Medians of so many decodes are compared. */
const SAMPLES = 8;
/** Slower than the best by this factor: something is wrong. */
const SLOW_FACTOR = 3;
/** The other number of threads must be quicker by this factor to be kept. */
const GAIN_FACTOR = 0.8;
/** With fewer threads than there may be, more are tried after so many decodes. */
const RETRY_DECODES = 128;

/** Costs are compared by row, so that growing batches do not look like a slow machine. */
export function createThreadGovernor(threadsMax: number): ThreadGovernor {
  let threads = threadsMax;
  let bestMs = Number.POSITIVE_INFINITY;
  let samples: number[] = [];
  let decodes = 0;
  /** What the number of threads before a trial cost; null when no trial is under way. */
  let trial: { from: number; costMs: number } | null = null;

  const begin = (to: number, costMs: number): void => {
    trial = { from: threads, costMs };
    threads = to;
    decodes = 0;
  };
  const judge = (costMs: number): void => {
    bestMs = Math.min(bestMs, costMs);
    if (trial !== null) {
      // A trial of more threads is kept when it is no worse: that is where a quiet machine belongs.
      const bar = trial.from < threads ? trial.costMs : trial.costMs * GAIN_FACTOR;
      if (costMs > bar) threads = trial.from;
      trial = null;
      decodes = 0;
    } else if (threads > 1 && costMs > bestMs * SLOW_FACTOR) begin(threads - 1, costMs);
    else if (threads < threadsMax && decodes >= RETRY_DECODES) begin(threads + 1, costMs);
  };
  return {
    get threads() {
      return threads;
    },
    observe: (rows, tookMs) => {
      if (threadsMax === 1) return;
      decodes += 1;
      samples.push(tookMs / (1 + rows / 8));
      if (samples.length < SAMPLES) return;
      const middle = samples.sort((a, b) => a - b)[SAMPLES >> 1] as number;
      samples = [];
      judge(middle);
    },
  };
}
