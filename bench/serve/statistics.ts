/** Medians, spreads and ratios of figures that were taken in turns. */
import { invariant } from '@filon/core/errors';

export interface Summary {
  median: number;
  min: number;
  max: number;
  /** In the order in which they were taken. */
  all: number[];
}

export interface Ratio extends Summary {
  of: string;
  over: string;
  goal: Goal | null;
  /** Whether the median reaches the goal. */
  met: boolean | null;
}

export type Goal = { atLeast: number } | { atMost: number };

export function summarize(values: readonly number[]): Summary {
  invariant(values.length > 0, 'there is something to summarize');
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), all: [...values] };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Round by round, because what slows a machine down for a moment slows neighbours in time alike. */
export function ratioOf(
  [of, over]: readonly [of: string, over: string],
  values: Readonly<Record<string, Summary>>,
  goal: Goal | null,
): Ratio {
  const above = values[of]?.all ?? [];
  const below = values[over]?.all ?? [];
  invariant(above.length > 0 && above.length === below.length, `${of} and ${over} took turns`);
  const summary = summarize(above.map((value, round) => value / (below[round] as number)));
  return { ...summary, of, over, goal, met: goal === null ? null : meets(summary.median, goal) };
}

function meets(value: number, goal: Goal): boolean {
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}
