/** How many threads compute. More than there are cores costs a factor of sixteen: they spin. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Physical cores that this process may use. */
export function physicalCores(): number {
  const allowed = availableParallelism();
  let text = '';
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return allowed;
  }
  const cores = countCores(text);
  return cores > 0 ? Math.min(cores, allowed) : allowed;
}

/** Distinct (package, core) pairs of /proc/cpuinfo; 0 where it names none. */
export function countCores(cpuinfo: string): number {
  const cores = new Set<string>();
  for (const block of cpuinfo.split('\n\n')) {
    const socket = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1];
    const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
    if (core !== undefined) cores.add(`${socket ?? 0}/${core}`);
  }
  return cores.size;
}
