/** Stays with an answer until its end: through broken connections, a page that was reloaded, a node that starts again. */
import { isFilonError, messageOf } from '@filon/core/errors';
import { type AnswerRun, NO_RUN, type Resumption, takeEvent } from './answer-run.ts';

export interface Following {
  /** Sends the question. Events of the answer. */
  start: () => Promise<AsyncIterable<unknown>>;
  /** Events after this one, from whoever has the answer. */
  resume: (
    responseId: string,
    afterSequence: number,
    gateway: string | null,
  ) => Promise<AsyncIterable<unknown>>;
  /** Gateways that may go on with it, by origin. None when absent. */
  others?: () => readonly string[];
  /** Has one of them go on. Events of the answer, from its first one. */
  goOn?: (gateway: string, resumption: Resumption) => Promise<AsyncIterable<unknown>>;
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
/** After so many, others are asked: the waits between them are 7.5 s in all. */
export const AWAY_FAILURES = 4;
/** A node that has too much to do or is about to end; other refusals do not pass. */
const PASSING_STATUS: readonly number[] = [408, 429, 500, 502, 503, 504];

/** Rejects with the signal's reason when it aborts; never otherwise. */
export async function followAnswer(begun: AnswerRun, following: Following): Promise<AnswerRun> {
  let run = begun;
  let shown = begun;
  for (let failures = 0; ; failures += 1) {
    try {
      const away = failures >= AWAY_FAILURES ? await elsewhere(run, following) : null;
      if (away !== null) run = away.run;
      for await (const event of away?.events ?? (await open(run, following))) {
        const next = takeEvent(run, event);
        if (next === run) continue;
        failures = 0;
        run = next;
        // What begins again elsewhere is not shown before it is new.
        if (isBehind(run, shown) && run.end === null) continue;
        shown = isBehind(run, shown) ? { ...shown, end: run.end } : run;
        following.onRun(shown, null);
        if (run.end !== null) return shown;
      }
      if (run.responseId === null) return { ...shown, end: { kind: 'lost' } };
    } catch (error) {
      following.signal.throwIfAborted();
      if (run.responseId === null || !isPassing(error)) return { ...shown, end: endOf(error) };
    }
    following.signal.throwIfAborted();
    if (failures >= RETRIES_MAX) return { ...shown, end: { kind: 'lost' } };
    const ms = Math.min(FIRST_RETRY_MS * 2 ** failures, RETRY_MAX_MS);
    following.onRun(shown, ms);
    await following.wait(ms);
    following.signal.throwIfAborted();
  }
}

/** The answer as another gateway has named it, and the events that follow; null: none of them could go on with it. */
async function elsewhere(
  { resumption, gateway }: AnswerRun,
  { others, goOn, signal }: Following,
): Promise<{ run: AnswerRun; events: AsyncIterable<unknown> } | null> {
  if (resumption === null || goOn === undefined) return null;
  for (const other of others?.() ?? []) {
    if (other === gateway) continue;
    try {
      const events = (await goOn(other, resumption))[Symbol.asyncIterator]();
      let run: AnswerRun = { ...NO_RUN, resumption, gateway: other };
      while (run.responseId === null && run.end === null) {
        const { done, value } = await events.next();
        if (done) break;
        run = takeEvent(run, value);
      }
      if (run.responseId !== null) return { run, events: { [Symbol.asyncIterator]: () => events } };
      await events.return?.();
    } catch {
      signal.throwIfAborted();
    }
  }
  return null;
}

function isBehind(run: AnswerRun, { text, reasoning }: AnswerRun): boolean {
  return run.text.length < text.length || run.reasoning.length < reasoning.length;
}

function open(
  { responseId, sequence, gateway }: AnswerRun,
  following: Following,
): Promise<AsyncIterable<unknown>> {
  return responseId === null ? following.start() : following.resume(responseId, sequence, gateway);
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
