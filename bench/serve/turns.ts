/**
 * Takes turns: A B C, C B A, A B C, ... Whatever else the machine does, and its heat, then meets all alike. The first
 * round warms up and does not count.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export type Turns<T> = Readonly<Record<string, (round: number) => Promise<T>>>;

export interface TurnOptions {
  rounds: number;
  signal: AbortSignal;
}

/** Threads that spin for a moment after their work are asleep by then. */
const PAUSE_MS = 150;

/** Results by name, one a round. */
export async function takeTurns<T>(
  turns: Turns<T>,
  { rounds, signal }: TurnOptions,
): Promise<Record<string, T[]>> {
  const names = Object.keys(turns);
  const results: Record<string, T[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await sleep(PAUSE_MS, undefined, { signal });
      const result = await turns[name]?.(round);
      if (round > 0) results[name]?.push(result as T);
    }
  }
  return results;
}
