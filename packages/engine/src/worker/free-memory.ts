/** Memory that this process may still take: what the kernel calls available, within the control group's limit. */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';

const CGROUP = '/sys/fs/cgroup';

export function freeMemoryBytes(): number {
  const available = /MemAvailable:\s+(\d+) kB/.exec(read('/proc/meminfo'))?.[1];
  const free = available === undefined ? freemem() : Number(available) * 1024;
  const limit = Number(read(`${CGROUP}/memory.max`));
  const cache = Number(/^inactive_file (\d+)/m.exec(read(`${CGROUP}/memory.stat`))?.[1] ?? 0);
  // File pages that nobody uses make room by themselves.
  const used = Number(read(`${CGROUP}/memory.current`)) - cache;
  // An unlimited group says 'max', which is not a number.
  return limit > 0 ? Math.min(free, limit - used) : free;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
