/** A real mapping in this process: what the kernel says of it before and after. */
import { mkdtempSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { expect, test } from 'vitest';
import { releaseFilePages } from './file-pages.ts';
import { bytesAt } from './pointer.ts';

const FILE_BYTES = 4 * 1024 * 1024;
const PROT_READ = 1;
const MAP_SHARED = 1;

test.runIf(process.platform === 'linux')('pages of a mapped file leave, and their content comes back', () => {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'filon pages-'));
  try {
    const path = join(folder, 'model.gguf');
    writeFileSync(path, Buffer.alloc(FILE_BYTES, 7));
    const bytes = mapped(path);
    expect(sumOf(bytes)).toBe(7 * FILE_BYTES);
    expect(residentKb(path)).toBe(FILE_BYTES / 1024);
    releaseFilePages(path);
    expect(residentKb(path)).toBe(0);
    expect(sumOf(bytes)).toBe(7 * FILE_BYTES);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function mapped(path: string): Int8Array {
  const mmap = koffi
    .load('libc.so.6')
    .func('void *mmap(void *address, size_t bytes, int protection, int flags, int file, int64_t offset)');
  return bytesAt(mmap(null, FILE_BYTES, PROT_READ, MAP_SHARED, openSync(path, 'r'), 0) as bigint, FILE_BYTES);
}

function sumOf(bytes: Int8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}

function residentKb(path: string): number {
  const [, after = ''] = readFileSync('/proc/self/smaps', 'utf8').split(path);
  return Number(/Rss:\s+(\d+) kB/.exec(after)?.[1]);
}
