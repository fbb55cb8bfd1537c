/** How fast the node wrote over the last minutes, from the counter that it tells every few seconds. */

export const HISTORY_MS = 300_000;
/** Longer without a reading, and nobody knows what was between: the page was hidden, or the node away. */
const GAP_MS = 10_000;
/** Shorter, and the two readings say nothing. */
const STEP_MIN_MS = 200;

export interface Reading {
  atMs: number;
  /** Of the node: it goes back when the node was started again. */
  uptimeSeconds: number;
  generatedTokens: number;
}

export interface Sample {
  /** Of the later of the two readings that it is from. */
  atMs: number;
  /** null where nothing is known since the sample before. */
  perSecond: number | null;
}

export interface SpeedHistory {
  last: Reading | null;
  /** The oldest first. */
  samples: readonly Sample[];
}

export const EMPTY_HISTORY: SpeedHistory = { last: null, samples: [] };

export function withReading({ last, samples }: SpeedHistory, reading: Reading): SpeedHistory {
  const tookMs = last === null ? 0 : reading.atMs - last.atMs;
  if (last !== null && tookMs < STEP_MIN_MS) return { last, samples };
  const known =
    last !== null &&
    tookMs <= GAP_MS &&
    reading.uptimeSeconds >= last.uptimeSeconds &&
    reading.generatedTokens >= last.generatedTokens;
  const perSecond = known ? ((reading.generatedTokens - last.generatedTokens) * 1000) / tookMs : null;
  const young = samples.filter(({ atMs }) => atMs > reading.atMs - HISTORY_MS);
  return { last: reading, samples: [...young, { atMs: reading.atMs, perSecond }] };
}

/** Tokens a second: now, and at most in the history. */
export function speedsOf({ samples }: SpeedHistory): { now: number; max: number } {
  const known = samples.map(({ perSecond }) => perSecond ?? 0);
  return { now: known.at(-1) ?? 0, max: Math.max(0, ...known) };
}
