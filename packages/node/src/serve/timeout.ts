/** Work with a deadline and a signal. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';

export interface Deadline {
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
  /** What is waited for, in the error. */
  what: string;
}

/**
 * The work's result; SERVE_TIMEOUT when the time is over; the signal's reason when that aborts. The work's own signal
 * aborts in both cases, and work that does not heed it is left behind.
 */
export async function withTimeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  deadline: Deadline,
): Promise<T> {
  const { clock, signal, timeoutMs, what } = deadline;
  signal.throwIfAborted();
  const own = new AbortController();
  const over = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    own.abort(reason);
    reject(reason);
  };
  const leave = (): void => stop(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  clock.sleep(timeoutMs, { signal: over.signal }).then(
    () =>
      stop(
        new FilonError(
          { code: 'SERVE_TIMEOUT', what, timeoutMs },
          `${what} took longer than ${timeoutMs} ms`,
        ),
      ),
    () => undefined,
  );
  try {
    return await Promise.race([work(own.signal), promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    over.abort();
  }
}
