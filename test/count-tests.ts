/** Reads the figures of a test run out of vitest's JSON report. */
import { z } from 'zod';

export interface Count {
  passed: number;
  failed: number;
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string() })),
    }),
  ),
});

/**
 * A file that fails without a failed test (it does not load, its set-up breaks) counts as one failure, and so does a
 * run that says it failed while every test passed, or that leaves no report. Skipped tests count as neither.
 */
export function countTests(report: string, exitStatus: number): Count {
  const count: Count = { passed: 0, failed: 0 };
  for (const file of filesOf(report)) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed').length;
    count.passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    count.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
  }
  if (exitStatus !== 0 && count.failed === 0) count.failed = 1;
  return count;
}

function filesOf(report: string): z.infer<typeof reportSchema>['testResults'] {
  try {
    return reportSchema.parse(JSON.parse(report)).testResults;
  } catch {
    return [];
  }
}
