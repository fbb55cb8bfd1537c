/**
 * One install at a time in one clone. The lock is a directory with one file, whose name says who has it. It comes with
 * that file, by a rename, which succeeds only where there is no directory or an empty one. So it is given back, and
 * taken from one that is gone, by removing the file of exactly that name: a lock taken meanwhile has another.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Refusal } from './refusal.mjs';

const POLL_MS = 250;
const WAIT_MAX_MS = 30 * 60_000;

/**
 * Waits until the lock is free or its holder is gone, and takes it.
 * @param {string} path directory that is the lock
 * @param {(holder: number, waitedMs: number) => void} onWait called again and again while somebody else has it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, onWait) {
  const name = `${process.pid}-${randomUUID()}`;
  for (let waitedMs = 0; waitedMs < WAIT_MAX_MS; waitedMs += POLL_MS) {
    const holder = holderOf(path);
    const pid = holder === null ? 0 : Number.parseInt(holder, 10);
    if (holder !== null && isInstalling(pid)) {
      onWait(pid, waitedMs);
      await sleep(POLL_MS);
      continue;
    }
    if (holder !== null) clear(path, holder);
    if (tryLock(path, name)) return () => clear(path, name);
  }
  throw new Refusal(
    `another install has held ${path} for ${WAIT_MAX_MS / 60_000} minutes.`,
    'End that process, or remove the directory, and run this again.',
  );
}

/**
 * The name of the file in the lock: the holder's pid and what no other lock has.
 * @param {string} path
 * @returns {string | null} null: it is free
 */
export function holderOf(path) {
  try {
    return readdirSync(path)[0] ?? null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Ends this one lock, and no other.
 * @param {string} path
 * @param {string} holder
 */
export function clear(path, holder) {
  rmSync(join(path, holder), { force: true });
  try {
    rmdirSync(path);
  } catch {
    // Somebody else has it by now, or has removed it as well.
  }
}

/**
 * @param {string} path
 * @param {string} name
 * @returns {boolean}
 */
function tryLock(path, name) {
  const draft = `${path}.${name}`;
  mkdirSync(draft);
  try {
    writeFileSync(join(draft, name), '');
    renameSync(draft, path);
    return true;
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
    throw error;
  }
}

/**
 * Whether the process lives and is an installer: pids are used again after a restart of the machine.
 * @param {number} pid
 * @returns {boolean}
 */
function isInstalling(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('install.mjs');
  } catch {
    return false;
  }
}
