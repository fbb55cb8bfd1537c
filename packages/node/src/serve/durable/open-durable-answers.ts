/** Answers that are kept: those that run, those on the shelf, and how the first come back after a restart. */
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { AnswerRow, Store } from '../../ports/store.ts';
import type { Answer, Serving } from '../serving.ts';
import { AnswerRun, cancelled, type Outcome, tellFailure } from './answer-run.ts';
import { AnswerShelf } from './answer-shelf.ts';
import type {
  DurableAnswers,
  FollowOptions,
  IndexedChunk,
  RunningAnswer,
  RunningAnswers,
  StartedAnswer,
  StartOptions,
  StoredAnswerView,
} from './durable-answers.ts';
import type { DurableErrorDetails } from './errors.ts';
import { Journal } from './journal.ts';
import { type DurableLimits, RUNNING_RETRY_SECONDS } from './limits.ts';
import { LiveAnswer } from './live-answer.ts';
import { answerUnknown, checkedKey, knownKey } from './names.ts';
import { goOn, tooOld, untilReady } from './resume.ts';
import { encodeNote, encodeRequest, encodeStart } from './stored-form.ts';
import { UnkeptAnswers } from './unkept-answers.ts';

export interface DurableDeps {
  store: Store;
  clock: Clock;
  log: Log;
  /** For answers that go on after a restart: serving as their owner may use it. */
  serving: (owner: string) => Pick<Serving, 'complete'>;
  readiness: Serving['readiness'];
}

/** Disposing of it stops what runs; that goes on when it is opened again. */
export interface OpenDurableAnswers extends DurableAnswers, RunningAnswers, AsyncDisposable {
  /** Before a stop: answers in the background that nobody follows need not be waited for. */
  retire(): void;
}

/** Codes: STORE_*. */
export async function openDurableAnswers(
  limits: DurableLimits,
  deps: DurableDeps,
): Promise<OpenDurableAnswers> {
  const answers = new KeptAnswers(limits, deps);
  answers.giveUpOld();
  void answers.goOnByThemselves();
  return answers;
}

interface Active extends Omit<RunningAnswer, 'followers'> {
  key: string;
  owner: string;
  run: AnswerRun;
}

interface Admitted {
  request: CompletionRequest;
  /** As it is stored. */
  note: string;
  options: StartOptions;
  answer: Answer;
}

class KeptAnswers implements OpenDurableAnswers {
  readonly #limits: DurableLimits;
  readonly #deps: DurableDeps;
  readonly #shelf: AnswerShelf;
  readonly #journal: Journal;
  readonly #unkept: UnkeptAnswers;
  readonly #active = new Map<string, Active>();
  /** Not admitted yet. */
  readonly #starting = new Map<string, StartOptions>();
  readonly #closing = new AbortController();
  #lastNumber = 0;

  constructor(limits: DurableLimits, deps: DurableDeps) {
    this.#limits = limits;
    this.#deps = deps;
    this.#shelf = new AnswerShelf(deps.store, limits);
    this.#journal = new Journal(deps.store);
    this.#unkept = new UnkeptAnswers(limits, { clock: deps.clock, signal: this.#closing.signal });
  }

  async start(request: CompletionRequest, options: StartOptions): Promise<StartedAnswer> {
    const { owner, id, signal, serving = this.#deps.serving(owner) } = options;
    const key = checkedKey(owner, id);
    this.#refuse(key, options);
    const note = encodeNote(options.note, this.#limits.noteBytesMax);
    const run = this.#runOf(key, { ...options, chunks: [], partsBefore: 0 });
    const leave = (): void => run.stop(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    this.#starting.set(key, options);
    try {
      signal.throwIfAborted();
      const answer = await run.begin(request, { serving });
      signal.throwIfAborted();
      this.#started({ key, owner, run, ...this.#numbered(answer) }, { request, note, options, answer });
      void run.toEnd(answer);
      return { id, model: answer.model, createdMs: answer.createdMs };
    } catch (error) {
      run.stop(error);
      throw error;
    } finally {
      this.#starting.delete(key);
      signal.removeEventListener('abort', leave);
    }
  }

  async *follow(id: string, { owner, after, signal }: FollowOptions): AsyncGenerator<IndexedChunk> {
    const { key, row, view } = this.#find(owner, id);
    const run = this.#active.get(key)?.run;
    if (run) yield* run.live.follow(after, signal);
    else if (row?.state === 'running') yield* this.#resume(key, row).run.live.follow(after, signal);
    else {
      const { chunks, error } = view();
      const ended = new LiveAnswer(chunks, { followersMax: 1, onLeft: () => undefined });
      ended.end(error === null ? null : FilonError.fromObject(error));
      yield* ended.follow(after, signal);
    }
  }

  async get(id: string, { owner }: { owner: string }): Promise<StoredAnswerView> {
    return this.#find(owner, id).view();
  }

  async cancel(id: string, { owner }: { owner: string }): Promise<StoredAnswerView> {
    const { key } = this.#find(owner, id);
    const run = this.#active.get(key)?.run;
    run?.stop(cancelled('its owner asked for it'));
    await run?.over;
    if (this.#shelf.get(key)?.state === 'running') this.#end(key, asCancelled());
    return this.#find(owner, id).view();
  }

  async delete(id: string, { owner }: { owner: string }): Promise<void> {
    const { key } = this.#find(owner, id);
    await this.cancel(id, { owner });
    this.#unkept.delete(key);
    this.#shelf.remove(key);
  }

  running(): RunningAnswer[] {
    return [...this.#active.values()].map(({ number, model, createdMs, run }) => ({
      ...{ number, model, createdMs },
      followers: run.live.followers,
    }));
  }

  async stop(number: number): Promise<boolean> {
    const found = [...this.#active.values()].find((one) => one.number === number);
    if (found === undefined) return false;
    found.run.stop(cancelled('the operator of the node asked for it'));
    await found.run.over;
    return true;
  }

  retire(): void {
    for (const { run } of this.#active.values()) {
      if (run.background && run.live.followers === 0) run.stop(stopping());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopping());
    const active = [...this.#active.values()];
    for (const { run } of active) run.stop(stopping());
    await Promise.all(active.map(({ run }) => run.over));
    this.#journal.flush();
  }

  /** Of earlier processes. */
  giveUpOld(): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const [key, { createdMs }] of this.#shelf.running()) {
      if (nowMs - createdMs <= this.#limits.resumeWithinMs) continue;
      this.#end(key, { state: 'failed', error: tooOld(this.#limits.resumeWithinMs) });
    }
  }

  /** Background answers of earlier processes, a few at a time. Never rejects. */
  async goOnByThemselves(): Promise<void> {
    try {
      await this.#goOnWaiting();
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#deps.log.warn('answer.stuck', { error });
    }
  }

  async #goOnWaiting(): Promise<void> {
    const waiting = this.#shelf.running().filter(([, { background }]) => background);
    if (waiting.length === 0) return;
    const { signal } = this.#closing;
    await untilReady({ ...this.#deps, signal, waitMs: this.#limits.resumeWaitMs });
    const one = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const row = this.#shelf.get(next[0]);
        if (row?.state !== 'running' || signal.aborted) continue;
        await (this.#active.get(next[0]) ?? this.#resume(next[0], row)).run.over;
      }
    };
    await Promise.all(Array.from({ length: this.#limits.resumeTogether }, one));
  }

  /** Codes: ANSWER_ID_TAKEN, ANSWER_RUNNING_FULL, SERVE_STOPPING. */
  #refuse(key: string, { owner, id, background }: StartOptions): void {
    this.#closing.signal.throwIfAborted();
    if (this.#starting.has(key) || this.#shelf.get(key) || this.#unkept.get(key)) {
      const message = `there is an answer '${id}' already; choose another id`;
      throw new FilonError<DurableErrorDetails>({ code: 'ANSWER_ID_TAKEN', id }, message);
    }
    if (background && this.#inBackground(owner) >= this.#limits.backgroundMax) {
      const { backgroundMax: runningMax } = this.#limits;
      throw new FilonError<DurableErrorDetails>(
        { code: 'ANSWER_RUNNING_FULL', runningMax, retryAfterSeconds: RUNNING_RETRY_SECONDS },
        `${runningMax} of your answers run in the background; wait for one of them, or cancel one`,
      );
    }
  }

  #inBackground(owner: string): number {
    const running = [...this.#active.values()].filter((one) => one.owner === owner && one.run.background);
    const starting = [...this.#starting.values()].filter((one) => one.owner === owner && one.background);
    return running.length + starting.length;
  }

  #runOf(
    key: string,
    plan: Pick<StartOptions, 'keep' | 'background'> & {
      chunks: StoredAnswerView['chunks'];
      partsBefore: number;
    },
  ): AnswerRun {
    const { answerBytesMax: bytesMax, followersMax } = this.#limits;
    return new AnswerRun(plan.chunks, {
      ...{ bytesMax, followersMax, journal: this.#journal, background: plan.background },
      shelf: plan.keep ? { shelf: this.#shelf, key, partsBefore: plan.partsBefore } : null,
      onEnd: (outcome) => this.#end(key, outcome),
    });
  }

  #numbered({
    model,
    createdMs,
  }: Pick<StartedAnswer, 'model' | 'createdMs'>): Omit<RunningAnswer, 'followers'> {
    this.#lastNumber += 1;
    return { number: this.#lastNumber, model, createdMs };
  }

  #started(active: Active, { request, note, options, answer }: Admitted): void {
    const { key, owner, run } = active;
    const { id, keep, background } = options;
    const { model, createdMs } = answer;
    const row = { id, model, background, createdMs, state: 'running', endedMs: null, error: null } as const;
    if (keep) {
      const texts = { note, request: encodeRequest(request), start: encodeStart(run.start) };
      this.#shelf.add(key, { ...row, owner, restarts: 0 }, texts);
    } else this.#unkept.add(key, { ...row, note: JSON.parse(note), chunks: run.live.chunks });
    this.#active.set(key, active);
    if (!background) this.#attend(run).catch(() => undefined);
  }

  /** Somebody must come for an answer that is not in the background. */
  async #attend(run: AnswerRun): Promise<void> {
    const over = new AbortController();
    void run.over.then(() => over.abort());
    await this.#deps.clock.sleep(this.#limits.attendMs, { signal: over.signal });
    if (!run.live.wasFollowed) run.stop(cancelled('nobody came to follow it'));
  }

  #resume(key: string, row: Readonly<AnswerRow>): Active {
    const { log, clock, serving } = this.#deps;
    const shelf = this.#shelf;
    const { parts: partsBefore, events } = shelf.events(key);
    const plan = { chunks: shelf.chunks(key), partsBefore, keep: true, background: row.background };
    const active = { key, owner: row.owner, run: this.#runOf(key, plan), ...this.#numbered(row) };
    this.#active.set(key, active);
    const scene = { key, row, events, shelf, log, clock, limits: this.#limits };
    void goOn(active.run, { ...scene, serving: serving(row.owner) });
    return active;
  }

  #end(key: string, outcome: Outcome): Outcome {
    const { log, clock } = this.#deps;
    const { state, error } = outcome;
    if (state === 'failed') tellFailure(log, error);
    const chunks = this.#active.get(key)?.run.live.chunks;
    this.#active.delete(key);
    const told = error === null ? null : { message: error.message, details: error.details };
    const ending = { endedMs: clock.nowMs(), error: told };
    if (this.#unkept.end(key, { ...ending, state: state === 'left' ? 'failed' : state })) return outcome;
    if (state === 'left') return outcome;
    try {
      this.#shelf.end(key, { ...ending, state }, chunks ?? this.#shelf.chunks(key));
    } catch (failure) {
      // It is taken for one that was cut off, and ends again when somebody follows it.
      log.warn('answer.unsaved', { error: failure });
    }
    return outcome;
  }

  /** Codes: ANSWER_UNKNOWN. */
  #find(
    owner: string,
    id: string,
  ): { key: string; row: Readonly<AnswerRow> | undefined; view: () => StoredAnswerView } {
    const key = knownKey(owner, id);
    if (key === null) throw answerUnknown(id);
    const unkept = this.#unkept.get(key);
    if (unkept) return { key, row: undefined, view: () => ({ ...unkept, chunks: [...unkept.chunks] }) };
    const row = this.#shelf.get(key);
    if (!row) throw answerUnknown(id);
    return { key, row, view: () => this.#viewOf(key, row) };
  }

  #viewOf(key: string, row: Readonly<AnswerRow>): StoredAnswerView {
    const { model, createdMs, state, background, endedMs, error } = row;
    const live = this.#active.get(key)?.run.live.chunks;
    const chunks = live ? [...live] : this.#shelf.chunks(key);
    const note = JSON.parse(this.#shelf.text(key, 'note'));
    return { id: row.id, model, createdMs, state, background, note, chunks, endedMs, error };
  }
}

function asCancelled(): Outcome {
  return { state: 'cancelled', error: cancelled('its owner asked for it') };
}

function stopping(): FilonError {
  return new FilonError({ code: 'SERVE_STOPPING' }, 'this node is stopping; follow the answer again later');
}
