/** Runs the cases. What one of them took before it failed, or before a stop was asked for, is kept. */
import { isFilonError } from '@filon/core/errors';
import type { Bench, Case } from './bench.ts';
import type { Measure, Problem } from './report.ts';

export interface Taken {
  measures: Measure[];
  problems: Problem[];
}

/** Does not reject when `bench.signal` aborts: the case in work is a problem then, and none follows. */
export async function measure(bench: Bench, cases: readonly (readonly [string, Case])[]): Promise<Taken> {
  const measures: Measure[] = [];
  const problems: Problem[] = [];
  for (const [name, takeCase] of cases) {
    try {
      bench.signal.throwIfAborted();
      for await (const taken of takeCase(bench)) measures.push(taken);
    } catch (error) {
      const known = bench.signal.aborted ? bench.signal.reason : error;
      if (!isFilonError(known)) throw error;
      problems.push({ case: name, message: known.message, details: known.details });
      if (bench.signal.aborted) break;
    }
  }
  return { measures, problems };
}
