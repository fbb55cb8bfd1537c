/** Resident memory of processes, as the kernel counts it. */
import { readFile } from 'node:fs/promises';

export interface Memory {
  /** Pages in memory, shared ones in full. */
  rssMb: number;
  /** The same, shared pages divided among those who share them. */
  pssMb: number;
}

/** Of a running process; both 0 for one that is gone. */
export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const megabytes = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return (Number(kilobytes ?? 0) * 1024) / 1e6;
  };
  return { rssMb: megabytes('Rss'), pssMb: megabytes('Pss') };
}

/** Processes that this one started, and theirs. */
export async function descendants(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  const deeper = await Promise.all(children.map(descendants));
  return [...children, ...deeper.flat()];
}
