/** What must be true of the machine before anything is downloaded. Runs on any Node from 20 on. */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './refusal.mjs';

const GLIBC_MIN = '2.34';
const GLIBCXX_MIN = 'GLIBCXX_3.4.29';
const SPARE_MB = 100;

/**
 * @param {string | undefined} glibc version of the C library, undefined where it is another one
 */
export function checkGlibc(glibc) {
  if (glibc === undefined) {
    throw new Refusal(
      'this system has no glibc (musl?), which the engine needs.',
      `Use a distribution with glibc ${GLIBC_MIN} or later: Debian 12, Ubuntu 22.04, Fedora 35 and later ones.`,
    );
  }
  if (compareVersions(glibc, GLIBC_MIN) < 0) {
    throw new Refusal(
      `glibc is ${glibc}; the engine needs ${GLIBC_MIN} or later.`,
      'Use a newer distribution: Debian 12, Ubuntu 22.04, Fedora 35 and later ones have it.',
    );
  }
}

/**
 * Refuses a C++ library that is known to be too old. One that is not found is not refused: it may be elsewhere.
 * @param {string[]} directories where to look for libstdc++.so.6
 */
export function checkCxxLibrary(directories) {
  const found = directories
    .map((directory) => join(directory, 'libstdc++.so.6'))
    .filter((path) => existsSync(path));
  if (found.length === 0 || found.some((path) => readFileSync(path).includes(`${GLIBCXX_MIN}\0`))) return;
  throw new Refusal(
    `${found[0]} is too old: it lacks ${GLIBCXX_MIN}, which the engine needs.`,
    'Update libstdc++6 (gcc 11 or later), or use a newer distribution.',
  );
}

/**
 * @param {string} root
 * @param {{ downloadMb: number, diskMb: number }} size
 */
export function checkDisk(root, { downloadMb, diskMb }) {
  const { bavail, bsize } = statfsSync(root);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  const neededMb = downloadMb + diskMb + SPARE_MB;
  if (freeMb >= neededMb) return;
  throw new Refusal(
    `the disk of ${root} has ${freeMb} MB free; the packages need ${neededMb} MB while they are put in.`,
    `Free ${neededMb - freeMb} MB, or clone Filon to a larger disk.`,
  );
}

/** @returns {string | undefined} */
export function glibcOfThisNode() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime;
}

/**
 * Where the loader looks for libraries.
 * @param {string} searchPath LD_LIBRARY_PATH
 * @returns {string[]}
 */
export function libraryDirectories(searchPath) {
  const triplets = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'))
    : [];
  const usual = [
    '/usr/lib64',
    '/lib64',
    '/usr/lib',
    '/lib',
    ...triplets.map((triplet) => `/usr/lib/${triplet}`),
  ];
  return [...searchPath.split(':').filter(Boolean), ...usual];
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  return (left?.[0] ?? 0) - (right?.[0] ?? 0) || (left?.[1] ?? 0) - (right?.[1] ?? 0);
}
