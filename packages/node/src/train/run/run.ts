/** One run, from its recipe to a model in the store. Each phase writes what it found, so that a next start skips it. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { Checkpoint } from '@filon/core/training/checkpoint';
import { isAtRest, type RunProgress, type RunRecord, type RunView } from '@filon/core/training/run';
import { noCheckpoint, runState } from '@filon/core/training/run-errors';
import type { ExportSpec, TrainingSpec } from '@filon/core/training/session';
import type { Waiting } from '../../ports/engine.ts';
import { type Attempt, Attempts } from './attempts.ts';
import { openBasis, type RunBasis, type RunMeans } from './basis.ts';
import { evaluate } from './evaluate.ts';
import { lineage } from './lineage.ts';
import { stepsOf, trainingSpec } from './plan.ts';
import { measuredQuote } from './quoting.ts';
import type { RunFolder } from './run-folder.ts';
import { trainSteps } from './steps.ts';

const NO_PROGRESS: RunProgress = {
  ...{ step: 0, loss: null, validationLoss: null, tokensPerSecond: null, secondsLeft: null },
  ...{ checkpointStep: null, text: '' },
};

const HELD = 'its device is in use; `filon ps` lists models in memory, `filon stop MODEL` takes one out';

const UNSAVED: ReadonlySet<string> = new Set(['TRAIN_DISK_FULL', 'TRAIN_FOLDER_UNAVAILABLE']);

export class Run {
  readonly folder: RunFolder;
  readonly #means: RunMeans;
  readonly #attempts: Attempts;
  readonly #watchers = new Set<() => void>();
  #record: RunRecord;
  #progress: RunProgress = NO_PROGRESS;
  #written: Promise<void> = Promise.resolve();
  #work: { pause: AbortController; end: AbortController; over: Promise<void> } | null = null;

  constructor(record: RunRecord, folder: RunFolder, means: RunMeans) {
    this.#record = record;
    this.folder = folder;
    this.#means = means;
    this.#attempts = new Attempts({
      ...{ trainer: means.trainer, folder, clock: means.clock, log: means.log, run: record.id },
      onHeld: () => {
        this.#report({ text: HELD });
        return this.#record.state === 'waiting' ? Promise.resolve() : this.#set({ state: 'waiting' });
      },
      onShort: async () => {
        if (this.#record.recompute) return false;
        await this.#set({ recompute: true });
        return true;
      },
    });
  }

  get view(): RunView {
    return { ...this.#record, progress: this.#progress };
  }

  get isAtWork(): boolean {
    return this.#work !== null;
  }

  /** Calls back at each change, until the disposal. */
  watch(onChange: () => void): Disposable {
    this.#watchers.add(onChange);
    return { [Symbol.dispose]: () => this.#watchers.delete(onChange) };
  }

  /** What it knows of itself without working: how far it came. */
  async look(): Promise<void> {
    const [latest] = await this.folder.checkpoints();
    const step = latest?.step ?? 0;
    this.#report({ step, checkpointStep: latest?.step ?? null });
  }

  /** Begins or goes on in the background; failures are in the record. */
  start(): void {
    if (this.#work !== null) return;
    const pause = new AbortController();
    const end = new AbortController();
    const over = this.#go({ pause: pause.signal, signal: end.signal }).finally(() => {
      this.#work = null;
      this.#told();
    });
    this.#work = { pause, end, over };
  }

  /** Agrees to the quote, and takes a failure back. Code: TRAIN_RUN_STATE for one that is done. */
  async resume(): Promise<void> {
    const { id, state, agreed, quote } = this.#record;
    if (state === 'done') throw runState(id, state, 'there is nothing to go on with; begin a new run');
    // What came to rest a moment ago may still be giving its device back.
    if (isAtRest(state)) await this.#work?.over;
    // Nobody agrees to what was not said yet.
    const isAgreed = agreed || quote !== null;
    await this.#set({
      ...{ agreed: isAgreed, error: null },
      ...(this.#work === null ? { state: 'waiting' } : {}),
    });
    this.start();
  }

  /** After the step in work, with a checkpoint; it goes on when it is resumed. */
  async stop(): Promise<void> {
    await this.#leave();
    if (!isAtRest(this.#record.state)) await this.#set({ state: 'stopped' });
  }

  /** The same for a node that ends: the next one goes on. */
  async suspend(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#work?.end.abort(nodeEnds()), graceMs);
    await this.#leave();
    clearTimeout(timer);
  }

  /** The newest checkpoint as a model's file. Codes: TRAIN_NO_CHECKPOINT and those of the trainer. */
  async export({ path, type }: Pick<ExportSpec, 'path' | 'type'>, { signal }: Waiting): Promise<void> {
    const checkpoint = await this.#attempts.newest();
    if (checkpoint === null) throw noCheckpoint(this.#record.id);
    await using basis = await openBasis(this.#record, this.#means, { signal, onText: () => {} });
    const spec = this.#spec(basis);
    await using session = await this.#means.trainer.open(spec, { signal });
    await session.restore(this.folder.statePath(checkpoint.state), { signal });
    await session.export({ path, type, metadata: this.#lineage(basis, checkpoint) }, { signal });
  }

  async #leave(): Promise<void> {
    const work = this.#work;
    if (work === null) return;
    work.pause.abort(new FilonError({ code: 'TRAIN_PAUSED' }, 'it was asked to stop.'));
    await work.over;
  }

  async #go(options: { pause: AbortSignal; signal: AbortSignal }): Promise<void> {
    const { log } = this.#means;
    try {
      await this.#phases(options);
    } catch (error) {
      const isLeaving = options.signal.aborted || options.pause.aborted;
      // Whoever stops it believes that its steps are kept.
      if (isLeaving && !(isFilonError(error) && UNSAVED.has(error.code))) return;
      log.warn('train.failed', { run: this.#record.id, error });
      const said = isFilonError(error)
        ? error.toObject()
        : { message: messageOf(error), details: { code: 'INTERNAL' } };
      // A disk that is full takes no record either; what is shown says why all the same.
      await this.#set({ state: 'failed', error: said }).catch(() => {});
    }
  }

  async #phases(options: { pause: AbortSignal; signal: AbortSignal }): Promise<void> {
    const ending = AbortSignal.any([options.pause, options.signal]);
    if (this.#record.state === 'done') return;
    await this.#set({ state: 'preparing' });
    const onText = (text: string): void => this.#report({ text });
    await using basis = await openBasis(this.#record, this.#means, { signal: ending, onText });
    const { recipe } = this.#record;
    await this.#set({
      ...{ manifest: basis.data.id, tokenizer: basis.tokenizer.id, base: basis.base },
      ...{ device: basis.device, steps: stepsOf(recipe, basis.data.train.countIn(0)) },
    });
    if (this.#record.quote === null) await this.#quote(basis, options);
    if (!this.#record.agreed) return this.#set({ state: 'quoted' });
    if ((await this.folder.checkpoints()).length === 0)
      await this.folder.requireSpace(this.#record.quote?.diskBytes ?? 0);
    if (this.#record.before === null) await this.#evaluate('before', basis, options);
    if (!(await this.#train(basis, options))) return;
    if (this.#record.after === null) await this.#evaluate('after', basis, options);
    await this.#publish(basis, options);
  }

  async #quote(basis: RunBasis, options: { pause: AbortSignal; signal: AbortSignal }): Promise<void> {
    const { recipe, steps } = this.#record;
    const { clock, power } = this.#means;
    await this.#set({ state: 'quoting' });
    this.#report({ text: 'measuring a few steps' });
    await this.#attempts.until(options, async (attempt) => {
      await using session = await attempt.open(this.#spec(basis), null);
      const asked = { recipe, steps: steps ?? 1, data: basis.data, power };
      const quote = await measuredQuote(session, asked, { clock, signal: interrupted(attempt) });
      await this.#set({ quote, facts: { ...session.facts, updates: 0 } });
    });
  }

  async #evaluate(
    when: 'before' | 'after',
    basis: RunBasis,
    options: { pause: AbortSignal; signal: AbortSignal },
  ): Promise<void> {
    const { recipe, folder, before } = this.#record;
    await this.#set({ state: 'evaluating' });
    const from = when === 'before' ? null : await this.#attempts.newest();
    const found = await this.#attempts.until(options, (attempt) => {
      const signal = interrupted(attempt);
      return evaluate(
        {
          ...{ recipe, folder, spec: this.#spec(basis), data: basis.data },
          means: { tokenizer: basis.tokenizer, store: this.#means.data, signal },
          open: (spec) => attempt.open(spec, from),
          onText: (text) => this.#report({ text }),
        },
        { signal },
      );
    });
    if (when === 'before') return this.#set({ before: found });
    const [was, is] = [before?.general?.perplexity, found.general?.perplexity];
    await this.#set({
      after: found,
      generalRise: was === undefined || is === undefined ? null : is / was - 1,
    });
  }

  /** Whether it came to its end. */
  async #train(basis: RunBasis, options: { pause: AbortSignal; signal: AbortSignal }): Promise<boolean> {
    const { id, recipe, recipeSha256, steps } = this.#record;
    const { data, tokenizer, base } = basis;
    const work = {
      ...{ recipe, steps: steps ?? 1, train: data.train, validation: data.validation },
      lineage: {
        ...{ run: id, recipeSha256, manifest: data.id, tokenizer: tokenizer.id },
        base: base?.sha256 ?? null,
      },
      ...{ folder: this.folder, clock: this.#means.clock },
      onProgress: (progress: Partial<RunProgress>) => this.#report({ ...progress, text: 'training' }),
    };
    return this.#attempts.until(options, async (attempt) => {
      const from = await this.#attempts.newest();
      if ((from?.step ?? 0) >= work.steps) return true;
      await using session = await attempt.open(this.#spec(basis), from);
      await this.#set({ state: 'training', facts: session.facts });
      this.#report({ step: from?.step ?? 0, checkpointStep: from?.step ?? null });
      const { numericClass } = session.facts;
      if (from !== null && from.numericClass !== numericClass)
        this.#means.log.warn('train.other-class', { run: id, was: from.numericClass, is: numericClass });
      const isOver = await trainSteps(session, { work, from }, attempt);
      if (!isOver) attempt.pause.throwIfAborted();
      return isOver;
    });
  }

  async #publish(basis: RunBasis, options: { pause: AbortSignal; signal: AbortSignal }): Promise<void> {
    const { id, recipe, generalRise } = this.#record;
    if (generalRise !== null && generalRise > recipe.evaluation.perplexityRiseMax)
      return this.#set({ state: 'done' });
    await this.#set({ state: 'publishing' });
    const folder = join(this.folder.folder, 'result');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${id}.gguf`);
    await this.#attempts.until(options, async (attempt) => {
      const from = await this.#attempts.newest();
      if (from === null) throw noCheckpoint(id);
      await using session = await attempt.open(this.#spec(basis), from);
      const signal = interrupted(attempt);
      await session.export({ path, type: 'f16', metadata: this.#lineage(basis, from) }, { signal });
    });
    const { method } = recipe;
    const lora =
      method.kind === 'lora' && basis.base !== null ? { base: basis.base.name, name: id } : undefined;
    const { models } = this.#means;
    const { name, sha256, bytes } = await models.pull(`file:${path}`, { signal: options.signal, lora });
    await rm(folder, { recursive: true, force: true });
    await this.#set({ state: 'done', result: { name, sha256, bytes } });
    this.#means.log.info('train.done', { run: id, model: name });
  }

  #spec({ device, basePath }: RunBasis): TrainingSpec {
    const { recipe, recompute } = this.#record;
    return trainingSpec(recipe, { device, basePath, recompute });
  }

  #lineage({ data }: RunBasis, { step, id }: Checkpoint): Record<string, string> {
    return lineage(this.#record, data.manifest, { step, checkpoint: id });
  }

  async #set(change: Partial<RunRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    this.#told();
    // One after the other: what was said last is what stays.
    const written = this.#written.then(() => this.folder.writeRecord(this.#record));
    this.#written = written.catch(() => {});
    await written;
  }

  #report(progress: Partial<RunProgress>): void {
    this.#progress = { ...this.#progress, ...progress };
    this.#told();
  }

  #told(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** For what leaves no state behind: it may end in the middle. */
function interrupted({ signal, pause }: Attempt): AbortSignal {
  return AbortSignal.any([signal, pause]);
}

function nodeEnds(): FilonError {
  return new FilonError({ code: 'TRAIN_PAUSED' }, 'the node ends.');
}
