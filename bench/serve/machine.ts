/** The machine on which figures were taken: without it they say nothing. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { physicalCores } from '@filon/engine/device/threads';
import { ENGINE_PIN } from '@filon/engine/ffi/library-set';
import { tryCommand } from './commands.ts';

export interface Machine {
  cpu: string;
  cores: number;
  logicalCpus: number;
  memoryMb: number;
  /** Load averages over 1, 5 and 15 minutes, before anything was measured. On a quiet machine the first is near 0. */
  load: number[];
  kernel: string;
  node: string;
  enginePackage: string;
  llamaCpp: string;
  commit: string;
  /** Files that differ from the commit. */
  changedFiles: number;
}

export async function readMachine(root: string, signal: AbortSignal): Promise<Machine> {
  const git = (...args: string[]): Promise<string> =>
    tryCommand('git', ['-C', root, ...args], { signal, cwd: root });
  const changes = await git('status', '--porcelain');
  return {
    cpu: await cpuName(),
    cores: physicalCores(),
    logicalCpus: cpus().length,
    memoryMb: Math.round(totalmem() / 1e6),
    load: loadavg().map((load) => Math.round(load * 100) / 100),
    kernel: release(),
    node: process.version,
    enginePackage: ENGINE_PIN.package,
    llamaCpp: ENGINE_PIN.llama,
    commit: await git('rev-parse', 'HEAD'),
    changedFiles: changes.split('\n').filter((line) => line !== '').length,
  };
}

async function cpuName(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const name = /^model name\s*:\s*(.+)$/m.exec(text)?.[1] ?? cpus()[0]?.model ?? 'unknown';
  const fast = ['avx2', 'avx512f', 'avx512_vnni', 'amx_int8'].filter((flag) => text.includes(` ${flag}`));
  return [name, ...fast].join(' ');
}

export async function fileSha256(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { signal })) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}
