/** Goes on with an answer that an earlier process left: same tokens, same seed, same positions. */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { SessionEvent } from '@filon/core/serving/session';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { AnswerRow } from '../../ports/store.ts';
import type { Serving } from '../serving.ts';
import type { AnswerRun } from './answer-run.ts';
import type { AnswerShelf } from './answer-shelf.ts';
import type { DurableErrorDetails } from './errors.ts';
import { type DurableLimits, READY_POLL_MS } from './limits.ts';
import { decodeRequest, decodeStart } from './stored-form.ts';

export interface ResumeScene {
  key: string;
  row: Readonly<AnswerRow>;
  /** By choice. */
  events: SessionEvent[][];
  shelf: AnswerShelf;
  serving: Pick<Serving, 'complete'>;
  clock: Clock;
  log: Log;
  limits: DurableLimits;
}

/** Never rejects: the run has ended when this resolves. */
export async function goOn(run: AnswerRun, scene: ResumeScene): Promise<void> {
  const { key, row, events, shelf, serving, log } = scene;
  try {
    // The usage is the last chunk: only the end was not stored.
    if (run.live.chunks.at(-1)?.kind === 'usage') return run.end({ state: 'done', error: null });
    refuseHopeless(scene);
    if (run.live.chunks.at(-1)?.kind !== 'pause') run.pause();
    const start = decodeStart(shelf.text(key, 'start'));
    const request = decodeRequest(shelf.text(key, 'request'));
    const answer = await run.begin(request, { serving, resume: { start, events } });
    shelf.restarted(key);
    log.info('answer.resumed', { model: row.model, restarts: row.restarts + 1 });
    await run.toEnd(answer);
  } catch (error) {
    if (isPassing(error)) run.end({ state: 'left', error });
    else run.fail(isFilonError(error, 'SERVE_MODEL_UNKNOWN') ? modelGone(row.model) : error);
  }
}

/** Resolves when some model is ready, or after `waitMs`. */
export async function untilReady(until: {
  clock: Clock;
  readiness: Serving['readiness'];
  waitMs: number;
  signal: AbortSignal;
}): Promise<void> {
  const { clock, readiness, waitMs, signal } = until;
  const lateMs = clock.monotonicMs() + waitMs;
  while (clock.monotonicMs() < lateMs && !(await readiness()).ready) {
    await clock.sleep(READY_POLL_MS, { signal });
  }
}

export function tooOld(withinMs: number): FilonError<DurableErrorDetails> {
  const hours = Math.round(withinMs / 3_600_000);
  const message = `the node ended in the middle of this answer more than ${hours} hours ago; ask again`;
  return interrupted('too-old', message);
}

/** Codes: ANSWER_INTERRUPTED. */
function refuseHopeless({ row, clock, limits }: ResumeScene): void {
  if (clock.nowMs() - row.createdMs > limits.resumeWithinMs) throw tooOld(limits.resumeWithinMs);
  if (row.restarts < limits.restartsMax) return;
  const message = `the node ended ${row.restarts + 1} times in the middle of this answer; it is not tried again`;
  throw interrupted('restarts', message);
}

/** Those that could go on with it may come back. */
const OF_OTHER_NODES: ReadonlySet<string> = new Set(['SERVE_ROUTE_NONE', 'REPLICA_REFUSED', 'REPLICA_LOST']);

/** There was no room for it now. */
function isPassing(error: unknown): error is FilonError {
  if (!isFilonError(error)) return false;
  return 'retryAfterSeconds' in error.details || OF_OTHER_NODES.has(error.code);
}

function modelGone(model: string): FilonError<DurableErrorDetails> {
  const message = `the node ended in the middle of this answer, and its model ${model} is no longer stored; pull the model and ask again`;
  return interrupted('model-gone', message);
}

function interrupted(
  reason: Extract<DurableErrorDetails, { code: 'ANSWER_INTERRUPTED' }>['reason'],
  message: string,
): FilonError<DurableErrorDetails> {
  return new FilonError<DurableErrorDetails>({ code: 'ANSWER_INTERRUPTED', reason }, message);
}
