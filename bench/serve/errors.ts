/** What can go wrong while measuring. A case that fails is reported as a problem; the others go on. */
export type BenchErrorDetails =
  /** The command line makes no sense. */
  | { code: 'BENCH_OPTION_INVALID'; option: string }
  /** A program could not be started, or ended before it should have. `lines` are the last that it wrote. */
  | { code: 'BENCH_PROGRAM_DIED'; program: string; how: string; lines: string[] }
  /** A command that prepares something failed. */
  | { code: 'BENCH_COMMAND_FAILED'; command: string; how: string; lines: string[] }
  /** Something took longer than it may. */
  | { code: 'BENCH_TIMEOUT'; what: string; timeoutMs: number }
  /** A program answered something else than an answer. */
  | { code: 'BENCH_ANSWER_WRONG'; program: string; got: string }
  /** The programs did not get the same work, so that their figures cannot be compared. */
  | { code: 'BENCH_UNEQUAL'; what: string; counts: number[] }
  /** No exact settings held, so exact mode cannot be measured. */
  | { code: 'BENCH_NOT_CERTIFIED'; model: string }
  | { code: 'BENCH_INTERRUPTED' };
