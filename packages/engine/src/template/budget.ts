/**
 * What one rendering has used. Checked from inside, because V8's limits do not help: a single large allocation in a
 * thread beyond its limit ends the whole process.
 */
import { getHeapStatistics } from 'node:v8';
import { HEAP_BYTES_MAX, RENDER_MS_MAX, WRITTEN_CHARS_MAX } from './limits.ts';

/** Why a rendering was stopped. */
export type Overrun = 'time' | 'memory' | 'output';

export class OverrunError extends Error {
  readonly overrun: Overrun;

  constructor(overrun: Overrun) {
    super(overrun);
    this.overrun = overrun;
  }
}

export interface Budget {
  /** Before built-in code writes this many characters. Throws {@link OverrunError}. */
  write(chars: number): void;
  /** After a step whose result has this many parts; looks at clock and heap now and then. Throws {@link OverrunError}. */
  step(parts: number): void;
}

const PARTS_BETWEEN_CHECKS = 4_000;
const PARTS_PER_STEP = 200;

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

export function openBudget(): Budget {
  const started = processorMs();
  let written = 0;
  let sinceCheck = 0;
  return {
    write(chars) {
      written += chars;
      if (written > WRITTEN_CHARS_MAX) throw new OverrunError('memory');
    },
    step(parts) {
      sinceCheck += parts + PARTS_PER_STEP;
      if (sinceCheck < PARTS_BETWEEN_CHECKS) return;
      sinceCheck = 0;
      if (processorMs() - started > RENDER_MS_MAX) throw new OverrunError('time');
      if (getHeapStatistics().used_heap_size > HEAP_BYTES_MAX) throw new OverrunError('memory');
    },
  };
}
