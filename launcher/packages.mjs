/** What the lock file asks of this machine. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ dev?: boolean, devOptional?: boolean, link?: boolean, optional?: boolean, os?: string | string[],
 *   cpu?: string | string[], libc?: string | string[] }} LockEntry
 */

/**
 * Paths of the packages that belong on this platform, relative to the root. npm leaves optional packages out without
 * a word when their download fails, and Node itself and the engine are such packages: so they are counted. Optional
 * ones for every platform are what others for other platforms need, and stay away with them.
 * @param {string} root
 * @param {string} platform `linux-x64` or `linux-arm64`
 * @param {'run' | 'all'} scope
 * @returns {string[]}
 */
export function packagesWanted(root, platform, scope) {
  /** @type {{ packages: Record<string, LockEntry> }} */
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const [os = '', cpu = ''] = platform.split('-');
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.includes('node_modules/') && entry.link !== true)
    .filter(([, entry]) => scope === 'all' || (entry.dev !== true && entry.devOptional !== true))
    .filter(([, entry]) => entry.optional !== true || entry.os !== undefined || entry.cpu !== undefined)
    .filter(([, entry]) => allows(entry.os, os) && allows(entry.cpu, cpu) && allows(entry.libc, 'glibc'))
    .map(([path]) => path);
}

/**
 * @param {string} root
 * @param {readonly string[]} wanted
 * @returns {string[]}
 */
export function packagesMissing(root, wanted) {
  return wanted.filter((path) => !existsSync(join(root, path, 'package.json')));
}

/**
 * Whether somebody works on Filon here: then a new lock file must not take the tools away. npm's own note of what it put
 * in says so; today's lock file does not, because what was needed to run may be a tool's by now.
 * @param {string} root
 * @returns {boolean}
 */
export function hasDevelopmentPackages(root) {
  try {
    const note = readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8');
    /** @type {{ packages: Record<string, LockEntry> }} */
    const { packages } = JSON.parse(note);
    return Object.values(packages).some((entry) => entry.dev === true);
  } catch {
    return false;
  }
}

/**
 * npm's rule for `os`, `cpu` and `libc`: absent allows all, `!name` forbids one.
 * @param {string | string[] | undefined} list
 * @param {string} value
 * @returns {boolean}
 */
function allows(list, value) {
  if (list === undefined) return true;
  const names = typeof list === 'string' ? [list] : list;
  if (names.includes(`!${value}`)) return false;
  return names.includes(value) || names.every((name) => name.startsWith('!'));
}
