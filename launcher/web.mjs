/**
 * Builds the chat page when it is missing or older than its sources: `node web.mjs`, by the launcher before `up`. The
 * build goes beside the one in use and is swapped in when complete. A page that cannot be built stops nobody: the node
 * works without it, and says so at its address.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf } from './refusal.mjs';

/** Written last into a build: the sum of what it was made from. */
const STAMP = '.filon-built';
const SOURCES = ['packages/web', 'packages/core/src', 'package-lock.json'];
const NOT_SOURCES = /(^|\/)(node_modules|dist)(\/|$)|\.test\.tsx?$/;
const BUILD_MAX_MS = 300_000;
const LAST_LINES = 6;

/**
 * @param {string} root
 * @returns {string} the sum of all that the page is made from
 */
export function sourceSum(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((source) => filesUnder(root, source)).sort()) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {(text: string) => void} say
 * @returns {boolean} whether there is a page of these sources now
 */
export function buildWeb(root, say) {
  const page = join(root, 'packages', 'web');
  // A published package has the page built and not its sources.
  if (!existsSync(join(page, 'src'))) return existsSync(join(page, 'dist'));
  const sum = sourceSum(root);
  if (stampOf(page) === sum) return true;
  const startedMs = performance.now();
  say(existsSync(join(page, 'dist')) ? 'the chat page has changed; building it.' : 'building the chat page.');
  try {
    buildInto(root, page, sum);
  } catch (error) {
    say(`the chat page could not be built, and the node works without it: ${messageOf(error)}`);
    return false;
  }
  say(`chat page built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
  return true;
}

/**
 * @param {string} root
 * @param {string} page
 * @param {string} sum
 */
function buildInto(root, page, sum) {
  const workshop = join(root, '.filon');
  const fresh = join(workshop, `page-${process.pid}`);
  const old = join(workshop, `page-old-${process.pid}`);
  mkdirSync(workshop, { recursive: true });
  try {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    const ran = spawnSync(process.execPath, [vite, 'build', '--logLevel=error', `--outDir=${fresh}`], {
      cwd: page,
      env: { ...process.env, NODE_ENV: 'production' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BUILD_MAX_MS,
    });
    if (ran.error !== undefined) throw ran.error;
    if (ran.status !== 0) {
      const last = `${ran.stdout}${ran.stderr}`.trimEnd().split('\n').slice(-LAST_LINES).join('\n  ');
      throw new TypeError(`vite ended with ${ran.status ?? ran.signal}.\n  ${last}`);
    }
    writeFileSync(join(fresh, STAMP), `${sum}\n`);
    const live = join(page, 'dist');
    if (existsSync(live)) renameSync(live, old);
    swapIn(fresh, live, () => stampOf(page) === sum);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} fresh
 * @param {string} live
 * @param {() => boolean} isDone whether another build of the same sources was faster
 */
function swapIn(fresh, live, isDone) {
  try {
    renameSync(fresh, live);
  } catch (error) {
    if (!isDone()) throw error;
  }
}

/**
 * @param {string} page
 * @returns {string}
 */
function stampOf(page) {
  try {
    return readFileSync(join(page, 'dist', STAMP), 'utf8').trim();
  } catch {
    return '';
  }
}

/**
 * @param {string} root
 * @param {string} source a file or a directory, with slashes
 * @returns {string[]} paths from the root
 */
function filesUnder(root, source) {
  if (!existsSync(join(root, source))) return [];
  if (source.endsWith('.json')) return [source];
  return readdirSync(join(root, source), { withFileTypes: true }).flatMap((entry) => {
    const path = `${source}/${entry.name}`;
    if (NOT_SOURCES.test(path)) return [];
    return entry.isDirectory() ? filesUnder(root, path) : [path];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = join(import.meta.dirname, '..');
  const built = buildWeb(root, (text) => process.stderr.write(`filon: ${text}\n`));
  process.exitCode = built ? 0 : 1;
}
