/** A signal that aborts after a time of the node's clock, or with another one. Disposing of it stops the wait. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

export type DeadlineDetails = { code: 'SWARM_LATE'; afterMs: number };

/** The reason is SWARM_LATE, or that of `signal`. */
export function deadline(clock: Clock, afterMs: number, signal?: AbortSignal): Deadline {
  const over = new AbortController();
  const late = new AbortController();
  clock.sleep(afterMs, { signal: over.signal }).then(
    () =>
      late.abort(
        new FilonError<DeadlineDetails>(
          { code: 'SWARM_LATE', afterMs },
          `There was no answer within ${afterMs} ms. Whoever was asked may be busy or frozen; try again.`,
        ),
      ),
    () => undefined,
  );
  return {
    signal: signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    [Symbol.dispose]: () => over.abort(),
  };
}
