/** Long work that a page asked for. It goes on when the page is closed, and every page sees the same. */
import { FilonError, isFilonError } from '@filon/core/errors';
import { Pace } from '@filon/core/pace';
import type { JobState, PanelJob } from '@filon/core/panel/messages';
import type { Clock } from '../../ports/clock.ts';
import type { GatewayErrorDetails } from '../http/errors.ts';

/** At the same time. */
const RUNNING_MAX = 4;
/** Remembered, those that ended included. */
const JOBS_MAX = 32;

export interface JobProgress {
  done: number;
  total: number | null;
}

export type JobWork = (options: {
  signal: AbortSignal;
  onProgress: (progress: JobProgress) => void;
}) => Promise<unknown>;

interface Job extends JobProgress {
  id: string;
  kind: PanelJob['kind'];
  model: string;
  state: JobState;
  error: PanelJob['error'];
  pace: Pace;
  stop: AbortController;
}

export class Jobs implements Disposable {
  readonly #clock: Clock;
  readonly #jobs: Job[] = [];
  #made = 0;
  #change = Promise.withResolvers<void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The newest first. */
  list(): PanelJob[] {
    return this.#jobs.map(({ id, kind, model, state, done, total, error, pace }) => {
      const running = state === 'running';
      const perSecond = running ? pace.perSecond : null;
      return {
        id,
        kind,
        model,
        state,
        done,
        total,
        error,
        perSecond,
        leftMs: running ? pace.leftMs(done, total) : null,
      };
    });
  }

  /** Resolves at the next change of any job. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /** Asked for twice, it is the same job. Codes: PANEL_JOBS_FULL. */
  start(what: { kind: PanelJob['kind']; model: string }, work: JobWork): PanelJob {
    const same = this.#running().find(({ kind, model }) => kind === what.kind && model === what.model);
    if (same === undefined) this.#begin(what, work);
    return this.list().find(({ id }) => id === (same ?? this.#jobs[0])?.id) as PanelJob;
  }

  /** False when there is no such job at work. */
  cancel(id: string): boolean {
    const job = this.#running().find((one) => one.id === id);
    job?.stop.abort(new FilonError<GatewayErrorDetails>({ code: 'PANEL_JOB_CANCELLED' }, 'it was cancelled'));
    return job !== undefined;
  }

  [Symbol.dispose](): void {
    for (const { id } of this.#running()) this.cancel(id);
  }

  #running(): Job[] {
    return this.#jobs.filter(({ state }) => state === 'running');
  }

  #begin({ kind, model }: { kind: PanelJob['kind']; model: string }, work: JobWork): void {
    if (this.#running().length >= RUNNING_MAX) throw jobsFull();
    this.#made += 1;
    const job: Job = {
      ...{ id: String(this.#made), kind, model, state: 'running', error: null },
      ...{ done: 0, total: null, pace: new Pace(), stop: new AbortController() },
    };
    this.#jobs.unshift(job);
    this.#forgetOld();
    const onProgress = (progress: JobProgress): void => this.#advance(job, progress);
    work({ signal: job.stop.signal, onProgress }).then(
      () => this.#end(job, 'done', null),
      (error: unknown) => this.#end(job, job.stop.signal.aborted ? 'cancelled' : 'failed', error),
    );
    this.#tell();
  }

  #advance(job: Job, { done, total }: JobProgress): void {
    job.done = done;
    job.total = total;
    job.pace.add(this.#clock.monotonicMs(), done);
    this.#tell();
  }

  #end(job: Job, state: JobState, error: unknown): void {
    job.state = state;
    if (state === 'done') job.done = job.total ?? job.done;
    if (state === 'failed') {
      const known = isFilonError(error);
      job.error = {
        code: known ? error.code : 'INTERNAL',
        message: known ? error.message : 'something went wrong inside this node; its log says what',
      };
    }
    this.#tell();
  }

  #forgetOld(): void {
    while (this.#jobs.length > JOBS_MAX) {
      const oldest = this.#jobs.findLastIndex(({ state }) => state !== 'running');
      this.#jobs.splice(oldest, 1);
    }
  }

  #tell(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers<void>();
    resolve();
  }
}

function jobsFull(): FilonError<GatewayErrorDetails> {
  return new FilonError(
    { code: 'PANEL_JOBS_FULL', runningMax: RUNNING_MAX },
    `${RUNNING_MAX} downloads or loads are under way already; wait for one to end, or cancel it`,
  );
}
