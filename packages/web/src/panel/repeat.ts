/** Doing something again and again until it is stopped. */
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';

export type Sleep = (durationMs: number, signal: AbortSignal) => Promise<void>;

/** Resolves at the end of the time or of the signal, whichever is first. */
export const sleep: Sleep = (durationMs, signal) =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });

export interface Repeated {
  /** What fails is told and tried again. */
  once: (signal: AbortSignal) => Promise<void>;
  onFailure: (failure: FilonError) => void;
  everyMs: number;
  sleep?: Sleep;
}

/** Ends with the signal, and is silent from then on. */
export async function repeat(
  { once, onFailure, everyMs, sleep: rest = sleep }: Repeated,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await once(signal);
    } catch (error) {
      if (!signal.aborted) onFailure(asFilonError(error));
    }
    await rest(everyMs, signal);
  }
}

export function asFilonError(error: unknown): FilonError {
  return isFilonError(error) ? error : new FilonError({ code: 'WEB_BROKEN' }, messageOf(error));
}
