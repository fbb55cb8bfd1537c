/** How long things may be. Limits are given as the largest size that a share of all may have. */
import type { Module } from './modules.ts';

const ANY_PER_THOUSAND_LINES_MAX = 0.5;
const FILE_LIMITS = { median: 120, ninety: 300, most: 500 };
const FUNCTION_LIMITS = { median: Number.POSITIVE_INFINITY, ninety: 40, most: 70 };

interface Sized {
  name: string;
  lines: number;
}

export function sizeFaults(modules: readonly Module[]): string[] {
  const functions = modules.flatMap(({ path, functions: spans }) =>
    spans.map(({ name, line, lines }) => ({ name: `${path}:${line} ${name}`, lines })),
  );
  const files = modules.map(({ path, lines }) => ({ name: path, lines }));
  return [
    ...distributionFaults('files', files, FILE_LIMITS),
    ...distributionFaults('functions', functions, FUNCTION_LIMITS),
  ];
}

function distributionFaults(what: string, things: readonly Sized[], limits: typeof FILE_LIMITS): string[] {
  const sorted = things.toSorted((a, b) => a.lines - b.lines);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]?.lines ?? 0;
  const faults = sorted
    .filter(({ lines }) => lines > limits.most)
    .map(({ name, lines }) => `${name} has ${lines} lines; at most ${limits.most}`);
  if (at(0.5) > limits.median)
    faults.push(`half of the ${what} have over ${limits.median} lines: median ${at(0.5)}`);
  if (at(0.9) > limits.ninety)
    faults.push(`a tenth of the ${what} have over ${limits.ninety} lines: ${at(0.9)} at 90%`);
  return faults;
}

export function anyFaults(modules: readonly Module[]): string[] {
  const lines = modules.reduce((sum, module) => sum + module.lines, 0);
  const found = modules.reduce((sum, module) => sum + module.anyCount, 0);
  if (found <= (lines / 1000) * ANY_PER_THOUSAND_LINES_MAX) return [];
  const where = modules.filter(({ anyCount }) => anyCount > 0).map(({ path }) => path);
  return [`${found} times any in ${lines} lines: ${where.join(', ')}`];
}
