/**
 * Packages are put in beside the ones in use and swapped in when complete: a running node keeps its files, and a
 * kill at any instant leaves either the old packages or the new ones.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Written last; the launcher compares it. `PLATFORM SCOPE SUM`, the sum being that of the lock file. */
const STAMP = '.filon-installed';
const STAGE = /^(stage|old)-\d+$/;

/**
 * A directory with the manifests that npm reads, and nothing else.
 * @param {string} root
 * @param {string} stage
 */
export function prepareStage(root, stage) {
  for (const place of placesOf(root)) {
    mkdirSync(join(stage, place), { recursive: true });
    copyFileSync(join(root, place, 'package.json'), join(stage, place, 'package.json'));
  }
  copyFileSync(join(root, 'package-lock.json'), join(stage, 'package-lock.json'));
}

/**
 * What the last good install left, empty without one.
 * @param {string} root
 * @returns {string}
 */
export function stampOf(root) {
  try {
    return readFileSync(join(root, 'node_modules', STAMP), 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * @param {{ root: string, stage: string, old: string, stamp: string }} move
 */
export function swapIn({ root, stage, old, stamp }) {
  writeFileSync(join(stage, 'node_modules', STAMP), `${stamp}\n`);
  mkdirSync(old, { recursive: true });
  // The root goes last, because it carries the stamp.
  for (const [index, place] of [...placesOf(root).entries()].reverse()) {
    const live = join(root, place, 'node_modules');
    const fresh = join(stage, place, 'node_modules');
    if (existsSync(live)) renameSync(live, join(old, String(index)));
    if (existsSync(fresh)) renameSync(fresh, live);
  }
}

/**
 * Removes what installs that were killed left behind. What a dying npm still writes to is left for the next time.
 * @param {string} workshop
 */
export function clearLeftovers(workshop) {
  for (const name of readdirSync(workshop).filter((entry) => STAGE.test(entry)))
    discard(join(workshop, name));
}

/**
 * @param {string} directory
 */
export function discard(directory) {
  try {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Cleared by the next install.
  }
}

/**
 * Where manifests and node_modules are: the root, then the workspaces.
 * @param {string} root
 * @returns {string[]}
 */
function placesOf(root) {
  /** @type {{ workspaces: string[] }} */
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return ['.', ...manifest.workspaces];
}
