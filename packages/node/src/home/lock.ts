/**
 * One process at a time works in a home. The lock is an exclusive transaction on an empty SQLite file, which the system
 * gives up when the process ends in whatever way: there is no stale lock to find, and no race in finding it. Beside it,
 * a small file says who holds it; that file is only for messages.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { FilonError, messageOf } from '@filon/core/errors';
import { z } from 'zod';
import type { HomeErrorDetails } from './errors.ts';
import { type HomePaths, homeUnavailable } from './paths.ts';

export interface Holder {
  pid: number;
  /** What the process does: `node`, `pull`, ... */
  purpose: string;
  /** Where the API is, once it listens. */
  url: string | null;
}

const holderSchema: z.ZodType<Holder> = z.object({
  pid: z.int(),
  purpose: z.string(),
  url: z.string().nullable(),
});

export interface HomeLock extends AsyncDisposable {
  /** Tells others where the API is. */
  announce(url: string): void;
}

/** Two that start together meet for a moment inside SQLite's own steps; whoever is first is through within this. */
const MEETING_TIMEOUT_MS = 400;
const SQLITE_BUSY = 5;

/** Codes: HOME_IN_USE, HOME_NO_LOCKS, HOME_UNAVAILABLE. */
export async function takeHomeLock(paths: HomePaths, about: { purpose: string }): Promise<HomeLock> {
  const held = lockFile(paths);
  const holder: Holder = { pid: process.pid, purpose: about.purpose, url: null };
  try {
    writeHolder(paths, holder);
  } catch (error) {
    held.close();
    throw error;
  }
  return {
    announce: (url) => writeHolder(paths, { ...holder, url }),
    [Symbol.asyncDispose]: async () => {
      if (!held.isOpen) return;
      rmSync(paths.holder, { force: true });
      held.close();
    },
  };
}

/** What the last holder wrote. It may be gone by now: ask the control socket, or take the lock, to be sure. */
export function readHolder(paths: HomePaths): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(paths.holder, 'utf8')));
  } catch {
    return null;
  }
}

function lockFile(paths: HomePaths): DatabaseSync {
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(paths.lock, { timeout: MEETING_TIMEOUT_MS });
    // No second file, which a full disk could refuse and a kill would leave. (OFF is not allowed: node:sqlite is defensive.)
    db.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) throw inUse(paths);
    throw new FilonError<HomeErrorDetails>(
      { code: 'HOME_NO_LOCKS', home: paths.home },
      `The home ${paths.home} cannot be locked: ${messageOf(error)}. Use a folder on a local disk with --home.`,
      { cause: error },
    );
  }
}

function writeHolder(paths: HomePaths, holder: Holder): void {
  const draft = `${paths.holder}.new`;
  try {
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
    renameSync(draft, paths.holder);
  } catch (error) {
    throw homeUnavailable(paths.home, error);
  }
}

function inUse(paths: HomePaths): FilonError<HomeErrorDetails> {
  const { home } = paths;
  const holder = readHolder(paths);
  const who = holder === null ? 'a process that is just starting' : whoText(holder);
  return new FilonError<HomeErrorDetails>(
    {
      code: 'HOME_IN_USE',
      home,
      pid: holder?.pid ?? null,
      url: holder?.url ?? null,
      purpose: holder?.purpose ?? null,
    },
    `The home ${home} is in use by ${who}. Talk to that one, end it with \`filon down\`, or use another --home.`,
  );
}

function whoText(holder: Holder): string {
  const where = holder.url === null ? '' : ` at ${holder.url}`;
  return holder.purpose === 'node'
    ? `a node, process ${holder.pid}${where}`
    : `\`filon ${holder.purpose}\`, process ${holder.pid}`;
}
