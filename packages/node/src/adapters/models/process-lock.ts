/**
 * A lock between processes that dies with its holder. It is SQLite's own lock on an empty database, so it needs no clean
 * up after a crash and cannot be mistaken for a living one when a process id comes round again.
 */
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';

const POLL_MS = 200;

/** Waits until no other process has it. Give it back by disposing. */
export async function takeLock(
  path: string,
  options: { clock: Clock; signal: AbortSignal },
): Promise<Disposable> {
  for (;;) {
    options.signal.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== null) return lock;
    await options.clock.sleep(POLL_MS, { signal: options.signal });
  }
}

function tryLock(path: string): Disposable | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // No second file, which a full disk could refuse and a kill would leave.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    database.close();
    if (/locked|busy/i.test(messageOf(error))) return null;
    throw error;
  }
}
