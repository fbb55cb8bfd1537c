/**
 * How the bench types `./filon`: through the launcher, as a user does. In a checkout whose packages are not those of the
 * lock file the launcher would put them in anew, and without the development packages: then the launcher is left out.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FilonCommand {
  file: string;
  args: readonly string[];
  /** Whether this is the launcher. */
  launched: boolean;
}

export const ROOT: string = join(import.meta.dirname, '..', '..', '..');

const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--expose-gc'];

export async function filonCommand(): Promise<FilonCommand> {
  if (await packagesAreCurrent()) return { file: join(ROOT, 'filon'), args: [], launched: true };
  return directCommand([]);
}

/** The same program without the launcher, with further flags for Node. */
export function directCommand(nodeFlags: readonly string[]): FilonCommand {
  const main = join(ROOT, 'packages', 'node', 'src', 'main.ts');
  return { file: process.execPath, args: [...NODE_FLAGS, ...nodeFlags, main], launched: false };
}

async function packagesAreCurrent(): Promise<boolean> {
  try {
    const lock = await readFile(join(ROOT, 'package-lock.json'));
    const stamp = await readFile(join(ROOT, 'node_modules', '.filon-installed'), 'utf8');
    return stamp.trim().endsWith(createHash('sha256').update(lock).digest('hex'));
  } catch {
    return false;
  }
}
