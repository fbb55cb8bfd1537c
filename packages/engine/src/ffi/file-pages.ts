/**
 * Gives back the pages of a model file that were read only once. llama.cpp maps the file, and with the fastest kernels, or
 * on a GPU, copies most of it into a layout of its own; the pages that it copied from stay in the process and would count
 * twice. What is used in place comes back from the system's cache at its first use.
 */
import { readFileSync, realpathSync } from 'node:fs';
import koffi from 'koffi';

/** `madvise(2)`: for a shared mapping of a file, no page is lost. */
const MADV_DONTNEED = 4;

/** Does nothing where the system has no such call. */
export function releaseFilePages(path: string): void {
  if (process.platform !== 'linux') return;
  const madvise = koffi.load('libc.so.6').func('int madvise(void *address, size_t bytes, int advice)');
  for (const { from, bytes } of mappingsOf(realpathSync(path))) madvise(from, bytes, MADV_DONTNEED);
}

/** Shared, read-only mappings of a file, as `proc_pid_maps(5)` lists them: one a line, the path last. */
function mappingsOf(path: string): { from: bigint; bytes: number }[] {
  const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, from, to, rest] = /^([0-9a-f]+)-([0-9a-f]+) r--s \S+ \S+ \d+ +(.+)$/.exec(line) ?? [];
    if (from === undefined || to === undefined || rest !== path) return [];
    const start = BigInt(`0x${from}`);
    return [{ from: start, bytes: Number(BigInt(`0x${to}`) - start) }];
  });
}
