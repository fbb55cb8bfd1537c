/** Figures of one or several answers that were generated together. */
import { FilonError } from '@filon/core/errors';
import type { Completion } from './completion.ts';
import type { BenchErrorDetails } from './errors.ts';

/** Tokens a second of all answers together, from the first one's first token to the last one's end. */
export function decodeRate(answers: readonly Completion[]): number {
  const firstMs = Math.min(...answers.map((answer) => answer.firstMs));
  const endMs = Math.max(...answers.map((answer) => answer.endMs));
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens - 1, 0);
  return (tokens * 1000) / (endMs - firstMs);
}

export function firstTokenMs({ startMs, firstMs }: Completion): number {
  return firstMs - startMs;
}

/** What programs did in one round must be the same work. Codes: BENCH_UNEQUAL. */
export function checkEqual(what: string, counts: readonly number[]): void {
  if (counts.every((count) => count === counts[0])) return;
  throw new FilonError<BenchErrorDetails>(
    { code: 'BENCH_UNEQUAL', what, counts: [...counts] },
    `The programs disagree about ${what}: ${counts.join(', ')}. Their figures cannot be compared.`,
  );
}
