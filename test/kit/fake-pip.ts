/** A `python3` for tests, whose pip brings one wheel, once a gate is open, and writes down how it was called. */
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FakePip {
  /** To be the PATH of whoever looks for pip. */
  path: string;
  /** Command lines so far. */
  calls(): Promise<string[]>;
  openGate(): Promise<void>;
}

export interface FakePipOptions {
  wheel?: Uint8Array;
  /** What it says on stderr before it fails. */
  failure?: string;
  /** Waits for `openGate`. */
  gated?: boolean;
}

export async function makeFakePip(folder: string, options: FakePipOptions): Promise<FakePip> {
  const bin = join(folder, 'bin');
  const wheel = join(folder, 'prepared.whl');
  const log = join(folder, 'calls');
  const gate = join(folder, 'gate');
  await mkdir(bin, { recursive: true });
  await writeFile(wheel, options.wheel ?? new Uint8Array());
  const lines = [
    '#!/bin/sh',
    `echo "$@" >> '${log}'`,
    options.gated ? `while [ ! -e '${gate}' ]; do sleep 0.02; done` : '',
    options.failure === undefined ? '' : `echo '${options.failure}' >&2; exit 1`,
    'while [ "$1" != --dest ]; do shift; done',
    `cp '${wheel}' "$2/made-1.0-py3-none-any.whl"`,
  ];
  const program = join(bin, 'python3');
  await writeFile(program, lines.join('\n'));
  await chmod(program, 0o700);
  // Nothing else is in its PATH, so that no test finds the machine's own pip.
  for (const tool of ['cp', 'sleep']) await symlink(`/bin/${tool}`, join(bin, tool)).catch(() => undefined);
  return {
    path: bin,
    calls: async () => {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
    openGate: () => writeFile(gate, ''),
  };
}
