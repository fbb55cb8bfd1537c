/** One answer's life in this process: from its beginning, or from where an earlier process left it, to its end. */
import { FilonError, invariant, isFilonError } from '@filon/core/errors';
import type { Chunk, CompletionRequest } from '@filon/core/serving/completion';
import type { Log } from '../../ports/log.ts';
import type { Answer, AnswerSoFar, AnswerStart, Serving } from '../serving.ts';
import type { AnswerShelf } from './answer-shelf.ts';
import type { DurableErrorDetails } from './errors.ts';
import type { Journal } from './journal.ts';
import { type FollowersRule, LiveAnswer } from './live-answer.ts';
import { Recording } from './recording.ts';

/** `left`: this process is done with it, and a later one may go on. */
export type Outcome =
  | { state: 'done'; error: null }
  | { state: 'failed' | 'cancelled' | 'left'; error: FilonError };

export interface RunDeps {
  journal: Journal;
  /** null: nothing is stored. */
  shelf: { shelf: AnswerShelf; key: string; partsBefore: number } | null;
  bytesMax: number;
  followersMax: number;
  background: boolean;
  /** Puts the end into the store; returns what the followers are to hear. Comes once. */
  onEnd: (outcome: Outcome) => Outcome;
}

export class AnswerRun {
  readonly live: LiveAnswer;
  readonly background: boolean;
  /** Resolves when nothing of it runs and its end is in the store. Never rejects. */
  readonly over: Promise<void>;
  readonly #deps: RunDeps;
  readonly #recording: Recording;
  readonly #leaving = new AbortController();
  readonly #settle: () => void;
  #isOver = false;

  /** `chunks`: those that are stored. */
  constructor(chunks: Chunk[], deps: RunDeps) {
    const { journal, shelf, bytesMax, followersMax } = deps;
    const onLeft = (): void => {
      if (!deps.background) this.stop(cancelled('nobody follows it any more'));
    };
    const rule: FollowersRule = { followersMax, onLeft };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.background = deps.background;
    this.over = promise;
    this.#settle = resolve;
    this.#deps = deps;
    this.live = new LiveAnswer(chunks, rule);
    const onFailure = (error: unknown): void => this.stop(error);
    this.#recording = new Recording({ journal, live: this.live, shelf, bytesMax, onFailure });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What the answer began with. To be asked for when it was admitted. */
  get start(): AnswerStart {
    const { start } = this.#recording;
    invariant(start !== null, 'serving tells the recorder what an answer begins with');
    return start;
  }

  /** Resolves when it was admitted. Codes: as Serving.complete, and the reason of `stop`. */
  async begin(
    request: CompletionRequest,
    { serving, resume }: { serving: Pick<Serving, 'complete'>; resume?: AnswerSoFar },
  ): Promise<Answer> {
    const options = { signal: this.#leaving.signal, recorder: this.#recording };
    return await serving.complete(request, resume ? { ...options, resume } : options);
  }

  /** Where the answer of an earlier process goes on. */
  pause(): void {
    this.#recording.chunk({ kind: 'pause', choice: 0 });
  }

  /** Never rejects. */
  async toEnd(answer: Answer): Promise<void> {
    try {
      for await (const chunk of answer.chunks) this.#recording.chunk(chunk);
      this.end({ state: 'done', error: null });
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends it with the reason of `stop`, if there was one, else with this error. */
  fail(error: unknown): void {
    const { signal } = this.#leaving;
    this.end(outcomeOf(signal.aborted ? signal.reason : error));
  }

  /** Ends it with this error, at once; `over` tells when that is done. */
  stop(reason: unknown): void {
    this.#leaving.abort(reason);
  }

  end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#deps.journal.flush();
    this.#isOver = true;
    // What could not be stored was not shown either.
    const lost = outcome.state === 'done' && this.#leaving.signal.aborted;
    const heard = this.#deps.onEnd(lost ? outcomeOf(this.#leaving.signal.reason) : outcome);
    this.live.end(heard.error);
    this.#settle();
  }
}

export function cancelled(why: string): FilonError<DurableErrorDetails> {
  return new FilonError<DurableErrorDetails>(
    { code: 'ANSWER_CANCELLED' },
    `the answer was cancelled: ${why}`,
  );
}

export function outcomeOf(error: unknown): Outcome {
  if (!isFilonError(error)) return { state: 'failed', error: broken(error) };
  if (error.code === 'ANSWER_CANCELLED') return { state: 'cancelled', error };
  if (error.code === 'SERVE_STOPPING') return { state: 'left', error };
  return { state: 'failed', error };
}

function broken(cause: unknown): FilonError<DurableErrorDetails> {
  const message = 'a bug of this node ended the answer; its log has more';
  return new FilonError<DurableErrorDetails>({ code: 'ANSWER_BROKEN' }, message, { cause });
}

/** Of a bug the place, never the message, which may quote a prompt. */
export function tellFailure(log: Log, { code, cause }: FilonError): void {
  if (code === 'ANSWER_BROKEN' && cause instanceof Error) {
    const stack = cause.stack?.split('\n').filter((line) => /^\s+at /.test(line));
    log.error('answer.broken', { name: cause.name, stack });
  } else log.info('answer.failed', { code });
}
