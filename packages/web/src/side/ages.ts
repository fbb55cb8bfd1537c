/** Conversations by how long ago they were last used. */

export type Age = 'today' | 'yesterday' | 'week' | 'older';

const DAY_MS = 86_400_000;

/** `midnightMs`: when the reader's day began. */
export function ageOf(updatedMs: number, midnightMs: number): Age {
  if (updatedMs >= midnightMs) return 'today';
  if (updatedMs >= midnightMs - DAY_MS) return 'yesterday';
  return updatedMs >= midnightMs - 7 * DAY_MS ? 'week' : 'older';
}

export function midnightBefore(nowMs: number): number {
  return new Date(nowMs).setHours(0, 0, 0, 0);
}
