/** One install at a time in one clone. The holder's pid says whether the lock still means anything. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Refusal } from './refusal.mjs';

const POLL_MS = 250;
const WAIT_MAX_MS = 30 * 60_000;
/** A lock without a pid is being taken this moment, or its taker died at once. */
const NAMELESS_MAX_MS = 3000;

/**
 * Waits until the lock is free or its holder is gone, and takes it.
 * @param {string} path directory that is the lock
 * @param {(holder: number, waitedMs: number) => void} onWait called again and again while somebody else has it
 * @returns {Promise<() => void>} gives the lock back
 */
export async function takeLock(path, onWait) {
  for (let waitedMs = 0, namelessMs = 0; waitedMs < WAIT_MAX_MS; waitedMs += POLL_MS) {
    if (tryLock(path)) return () => rmSync(path, { recursive: true, force: true });
    const holder = holderOf(path);
    namelessMs = holder === null ? namelessMs + POLL_MS : 0;
    if (holder === null ? namelessMs > NAMELESS_MAX_MS : !isInstalling(holder)) {
      clearStale(path);
      continue;
    }
    if (holder !== null) onWait(holder, waitedMs);
    await sleep(POLL_MS);
  }
  throw new Refusal(
    `another install has held ${path} for ${WAIT_MAX_MS / 60_000} minutes.`,
    'End that process, or remove the directory, and run this again.',
  );
}

/**
 * @param {string} path
 * @returns {boolean}
 */
function tryLock(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  return true;
}

/**
 * @param {string} path
 * @returns {number | null}
 */
function holderOf(path) {
  try {
    return Number.parseInt(readFileSync(join(path, 'pid'), 'utf8'), 10) || null;
  } catch {
    return null;
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

/**
 * Renames first: of several processes that find the same stale lock, one wins and the others look again.
 * @param {string} path
 */
function clearStale(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}
