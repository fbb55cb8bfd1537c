/** Processor time that processes have used, as the kernel's scheduler counts it. Other programs do not disturb it much. */
import { readdir, readFile } from 'node:fs/promises';

/** Milliseconds of all threads of a process, or of its main thread alone; 0 where the kernel does not count. */
export async function cpuMs(pid: number, which: 'process' | 'main thread'): Promise<number> {
  const threads = which === 'process' ? await readdir(`/proc/${pid}/task`).catch(() => []) : [`${pid}`];
  const times = await Promise.all(threads.map((thread) => threadNs(`/proc/${pid}/task/${thread}`)));
  return times.reduce((sum, ns) => sum + ns, 0) / 1e6;
}

async function threadNs(path: string): Promise<number> {
  const text = await readFile(`${path}/schedstat`, 'utf8').catch(() => '');
  return Number(text.split(' ')[0] ?? 0);
}
