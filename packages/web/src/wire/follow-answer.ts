/** Stays with an answer until its end: through broken connections, a page that was reloaded, a node that starts again. */
import { isFilonError, messageOf } from '@filon/core/errors';
import { type AnswerRun, takeEvent } from './answer-run.ts';

export interface Following {
  /** Sends the question. Events of the answer. */
  start: () => Promise<AsyncIterable<unknown>>;
  /** Events after this one. */
  resume: (responseId: string, afterSequence: number) => Promise<AsyncIterable<unknown>>;
  /** Called after every change, and before each wait with how long it will be. */
  onRun: (run: AnswerRun, retryInMs: number | null) => void;
  /** Resolves after so long, or as soon as it is worth trying again. */
  wait: (ms: number) => Promise<void>;
  signal: AbortSignal;
}

export const FIRST_RETRY_MS = 500;
export const RETRY_MAX_MS = 10_000;
/** About five minutes: a node that starts again loads its model first. */
export const RETRIES_MAX = 35;
/** A node that has too much to do or is about to end; other refusals do not pass. */
const PASSING_STATUS: readonly number[] = [408, 429, 500, 502, 503, 504];

/** Rejects with the signal's reason when it aborts; never otherwise. */
export async function followAnswer(begun: AnswerRun, following: Following): Promise<AnswerRun> {
  let run = begun;
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const event of await open(run, following)) {
        const next = takeEvent(run, event);
        if (next === run) continue;
        failures = 0;
        run = next;
        following.onRun(run, null);
        if (run.end !== null) return run;
      }
      if (run.responseId === null) return { ...run, end: { kind: 'lost' } };
    } catch (error) {
      following.signal.throwIfAborted();
      if (run.responseId === null || !isPassing(error)) return { ...run, end: endOf(error) };
    }
    following.signal.throwIfAborted();
    if (failures >= RETRIES_MAX) return { ...run, end: { kind: 'lost' } };
    const ms = Math.min(FIRST_RETRY_MS * 2 ** failures, RETRY_MAX_MS);
    following.onRun(run, ms);
    await following.wait(ms);
    following.signal.throwIfAborted();
  }
}

function open({ responseId, sequence }: AnswerRun, following: Following): Promise<AsyncIterable<unknown>> {
  return responseId === null ? following.start() : following.resume(responseId, sequence);
}

function isPassing(error: unknown): boolean {
  if (isFilonError(error, 'WEB_UNREACHABLE')) return true;
  if (!isFilonError(error, 'WEB_REFUSED')) return false;
  return 'status' in error.details && PASSING_STATUS.includes(Number(error.details.status));
}

function endOf(error: unknown): NonNullable<AnswerRun['end']> {
  const reason = isFilonError(error) && 'reason' in error.details ? String(error.details.reason) : '';
  const code = reason !== '' ? reason : isFilonError(error) ? error.code : 'WEB_UNKNOWN';
  return { kind: 'failed', code, message: messageOf(error) };
}
