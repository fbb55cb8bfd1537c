/** The machine below Filon: runtime, C library, memory, clock. */
import { freemem, totalmem } from 'node:os';
import { formatBytes } from '@filon/core/units';
import { z } from 'zod';
import { type Check, fail, ok, warn } from './finding.ts';

const NODE_MAJOR = 24;
/** Of the engine's prebuilt libraries. */
const GLIBC_LEAST = '2.34';
const MEMORY_LEAST_BYTES = 1_000_000_000;
/** When this was written; a clock before it is wrong. */
const CLOCK_LEAST_MS = Date.UTC(2026, 0, 1);
const CLOCK_MOST_MS = Date.UTC(2100, 0, 1);

const runtime: Check = {
  name: 'runtime',
  run: async () => {
    const { node } = process.versions;
    if (Number(node.split('.')[0]) === NODE_MAJOR) return [ok('runtime', `Node ${node}`)];
    return [warn('runtime', `Node ${node}`, `Filon is made for Node ${NODE_MAJOR}; start it with ./filon.`)];
  },
};

const reportSchema = z.object({ header: z.object({ glibcVersionRuntime: z.string().optional() }) });

const libc: Check = {
  name: 'C library',
  run: async () => {
    if (process.platform !== 'linux') return [];
    const { glibcVersionRuntime: found } = reportSchema.parse(process.report.getReport()).header;
    const advice = `The engine needs glibc ${GLIBC_LEAST} or later: a system of 2021 or later has it.`;
    if (found === undefined) return [fail('C library', 'not glibc', advice)];
    return [
      isAtLeast(found, GLIBC_LEAST)
        ? ok('C library', `glibc ${found}`)
        : fail('C library', `glibc ${found}`, advice),
    ];
  },
};

const memory: Check = {
  name: 'memory',
  run: async () => {
    const free = process.availableMemory?.() ?? freemem();
    const detail = `${formatBytes(free)} free of ${formatBytes(totalmem())}`;
    if (free >= MEMORY_LEAST_BYTES) return [ok('memory', detail)];
    return [
      warn(
        'memory',
        detail,
        'The starter model needs about 0.5 GB. Close other programs, or lower contextTokens.',
      ),
    ];
  },
};

const clock: Check = {
  name: 'clock',
  run: async ({ cli }) => {
    const nowMs = cli.surroundings.clock.nowMs();
    const detail = new Date(nowMs).toISOString();
    if (nowMs > CLOCK_LEAST_MS && nowMs < CLOCK_MOST_MS) return [ok('clock', detail)];
    const advice =
      'Set the clock: downloads over https fail with a wrong date. Nothing else of Filon needs it.';
    return [warn('clock', detail, advice)];
  },
};

export const MACHINE_CHECKS: readonly Check[] = [runtime, libc, memory, clock];

/** Whether version `found` is not older than `least`, part by part. */
export function isAtLeast(found: string, least: string): boolean {
  const parts = found.split('.').map(Number);
  for (const [at, wanted] of least.split('.').map(Number).entries()) {
    const part = parts[at] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}
