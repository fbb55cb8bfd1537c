/**
 * The worker of one device over many lives: started on demand, ended when nothing is loaded, restarted with back-off, given
 * up after deaths in a row that brought no answer. A model that ends it again and again, when it is loaded or when it
 * answers, is given up alone: a broken file must not take the device from all the others.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from '@filon/core/abort';
import { FilonError, isFilonError, messageOf } from '@filon/core/errors';
import type { LoadedModel, SessionRequest, SessionSign } from '@filon/core/serving/session';
import type { EngineErrorDetails } from '../errors.ts';
import type { Counters } from '../stage/batcher.ts';
import { Deaths, type WorkerExit } from './deaths.ts';
import type { LoadRequest } from './protocol.ts';
import {
  type CallOptions,
  startWorkerProcess,
  type WorkerProcess,
  type WorkerProcessSpec,
} from './worker-process.ts';

export type WorkerState = 'idle' | 'starting' | 'up' | 'backing-off' | 'crash-loop';

export interface DeviceWorker extends AsyncDisposable {
  readonly state: WorkerState;
  readonly pid: number | null;
  readonly deaths: number;
  /** Open sessions of a model. */
  sessions(model: string): number;
  /** Over all lives. */
  readonly counters: Counters;
  /** Models that are loaded, or come back with the next life. */
  readonly loaded: readonly LoadedModel[];
  load(request: LoadRequest, options: CallOptions): Promise<LoadedModel>;
  unload(model: string, options: CallOptions): Promise<void>;
  /** A process with `model` loaded (none in particular: null). Codes: ENGINE_WORKER_DIED, ENGINE_CRASH_LOOP. */
  ready(model: string | null, options: CallOptions): Promise<WorkerProcess>;
  open(request: SessionRequest, options: CallOptions): AsyncIterable<SessionSign>;
}

interface Hosted {
  request: LoadRequest;
  loaded: LoadedModel;
  /** The life in which it is loaded. */
  process: WorkerProcess;
}

/** Ends that come from outside: no file is to blame for them, and asking again may help. */
const ENDED_FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

export function createDeviceWorker(spec: WorkerProcessSpec): DeviceWorker {
  return new SupervisedWorker(spec);
}

class SupervisedWorker implements DeviceWorker {
  state: WorkerState = 'idle';
  readonly #spec: WorkerProcessSpec;
  readonly #hosted = new Map<string, Hosted>();
  readonly #loading = new Map<string, Promise<LoadedModel>>();
  readonly #closing = new AbortController();
  #past: Counters = { generatedTokens: 0, promptTokens: 0, cachedTokens: 0, cancelled: 0, ticks: 0 };
  /** Loads under way: an unload beside them does not end the process. */
  #loads = 0;
  readonly #deaths = new Deaths();
  #process: WorkerProcess | null = null;
  #starting: Promise<WorkerProcess> | null = null;

  constructor(spec: WorkerProcessSpec) {
    this.#spec = spec;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get deaths(): number {
    return this.#deaths.total;
  }

  sessions(model: string): number {
    return this.#process?.sessions(model) ?? 0;
  }

  get loaded(): readonly LoadedModel[] {
    return [...this.#hosted.values()].map(({ loaded }) => loaded);
  }

  get counters(): Counters {
    return this.#process === null ? this.#past : sumOf(this.#past, this.#process.counters);
  }

  async load(request: LoadRequest, options: CallOptions): Promise<LoadedModel> {
    const model = request.spec.model;
    this.#refuseFatal(model);
    const process = await this.#life(options.signal);
    const loaded = await this.#callLoad(process, request, options);
    this.#hosted.set(model, { request, loaded, process });
    this.#deaths.loaded(model);
    return loaded;
  }

  async #callLoad(process: WorkerProcess, request: LoadRequest, options: CallOptions): Promise<LoadedModel> {
    this.#loads += 1;
    try {
      return await process.call('load', request, options);
    } catch (error) {
      // What the library said before it gave up is on another channel: it is there after one whole round of reading.
      await nextTurn();
      await nextTurn();
      const exit = this.#deaths.last;
      // What was loaded in an earlier life is not refused for one death: its sessions come back.
      const isFirst = !this.#hosted.has(request.spec.model);
      throw isFirst && isOfLoad(error, exit, request.spec.model)
        ? fatalLoad(request.spec.model, this.#spec.device, exit)
        : explained(error, process, exit);
    } finally {
      this.#loads -= 1;
    }
  }

  async unload(model: string, options: CallOptions): Promise<void> {
    const hosted = this.#hosted.get(model);
    this.#hosted.delete(model);
    if (hosted === undefined || this.#process === null) return;
    if (this.#hosted.size === 0 && this.#loads === 0) return this.#end(this.#process);
    await this.#process.call('unload', { model }, options);
  }

  async ready(model: string | null, options: CallOptions): Promise<WorkerProcess> {
    if (model !== null) this.#refuseFatal(model);
    const process = await this.#life(options.signal);
    if (model === null) return process;
    const hosted = this.#hosted.get(model);
    if (hosted === undefined) throw notLoaded(model, this.#spec.device);
    if (hosted.process === process) return process;
    // A new life: whoever comes first loads the model again, the others wait for the same load.
    await orAborted(this.#reload(hosted.request, options.timeoutMs), options.signal);
    return process;
  }

  /** Not under the signal of whoever came first: that one may leave, and the others still wait. */
  #reload(request: LoadRequest, timeoutMs: number): Promise<LoadedModel> {
    const model = request.spec.model;
    const known = this.#loading.get(model);
    if (known !== undefined) return known;
    const loading = this.load(request, { signal: this.#closing.signal, timeoutMs }).finally(() => {
      this.#loading.delete(model);
    });
    this.#loading.set(model, loading);
    return loading;
  }

  async *open(request: SessionRequest, options: CallOptions): AsyncIterable<SessionSign> {
    const process = await this.ready(request.model, options);
    yield* process.open(request, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#hosted.clear();
    await this.#starting?.catch(() => undefined);
    await this.#process?.end();
  }

  /** The process of this life; starts one when there is none. */
  #life(signal: AbortSignal): Promise<WorkerProcess> {
    signal.throwIfAborted();
    if (this.#process !== null) return Promise.resolve(this.#process);
    if (this.#deaths.hopeless) return Promise.reject(this.#crashLoop());
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #start(): Promise<WorkerProcess> {
    const signal = this.#closing.signal;
    const { waitMs } = this.#deaths;
    this.state = waitMs > 0 ? 'backing-off' : 'starting';
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    this.state = 'starting';
    try {
      const process = await startWorkerProcess(this.#spec, { signal });
      this.#process = process;
      this.state = 'up';
      void process.exited.then((exit) => this.#buried(process, exit));
      return process;
    } catch (error) {
      this.#record(exitOf(error));
      throw error;
    }
  }

  #buried(process: WorkerProcess, exit: WorkerExit): void {
    if (this.#process !== process) return;
    this.#retire(process);
    this.#record(exit);
  }

  #record(exit: WorkerExit): void {
    this.#deaths.record(exit);
    this.state = this.#deaths.hopeless ? 'crash-loop' : 'idle';
    for (const model of this.#hosted.keys()) {
      if (this.#deaths.refusal(model) !== null) this.#hosted.delete(model);
    }
  }

  #retire(process: WorkerProcess): void {
    this.#past = sumOf(this.#past, process.counters);
    this.#process = null;
  }

  /** An end that is wanted is no death. */
  async #end(process: WorkerProcess): Promise<void> {
    this.#retire(process);
    this.state = 'idle';
    await process.end();
  }

  #refuseFatal(model: string): void {
    const fault = this.#deaths.refusal(model);
    if (fault === null) return;
    const { device } = this.#spec;
    const { deaths, exit } = fault;
    const what = fault.during === 'load' ? 'loading this model' : 'answering with this model alone';
    throw new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_MODEL_FATAL', model, device, deaths, lines: exit.lines },
      `${what} ended the worker of ${device} ${deaths} times in a row (last: ${exit.how}). Its file is likely broken or hostile: remove it, and pull it again or take another. The next start of the node tries it again.`,
    );
  }

  #crashLoop(): FilonError<EngineErrorDetails> {
    const { device } = this.#spec;
    const { last, row } = this.#deaths;
    return new FilonError<EngineErrorDetails>(
      { code: 'ENGINE_CRASH_LOOP', device, deaths: row, lines: last.lines },
      `the worker of ${device} died ${row} times in a row without one answer (last: ${last.how}). See ./filon doctor, then restart the node.`,
    );
  }
}

/** Of a worker that did not even start. */
function exitOf(error: unknown): WorkerExit {
  const nobody = { loading: [], answering: [], answered: [] };
  if (!isFilonError(error, 'ENGINE_WORKER_DIED')) {
    return { how: isFilonError(error) ? error.code : messageOf(error), lines: [], ...nobody };
  }
  const { exit, lines } = error.details as EngineErrorDetails & { code: 'ENGINE_WORKER_DIED' };
  return { how: exit, lines, ...nobody };
}

function sumOf(a: Counters, b: Counters): Counters {
  return {
    generatedTokens: a.generatedTokens + b.generatedTokens,
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    cancelled: a.cancelled + b.cancelled,
    ticks: a.ticks + b.ticks,
  };
}

/** Whether native code gave up on this model's file: the process ended by itself, with no other load under way. */
function isOfLoad(error: unknown, { how, loading }: WorkerExit, model: string): boolean {
  const isAlone = loading.length === 1 && loading[0] === model;
  return isFilonError(error, 'ENGINE_WORKER_DIED') && isAlone && !ENDED_FROM_OUTSIDE.has(how);
}

function fatalLoad(
  model: string,
  device: string,
  { how, lines }: WorkerExit,
): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_LOAD_FAILED', model, lines },
    `loading this model ended the worker of ${device} (${how}). Its file is likely broken or hostile (or the device's driver is, if other models fail as well): remove it, and pull it again or take another. ${lines.slice(-1).join('')}`.trim(),
  );
}

/** The library gives its reasons in its log only. */
function explained(error: unknown, process: WorkerProcess, exit: WorkerExit): unknown {
  if (!(error instanceof FilonError) || error.code !== 'ENGINE_LOAD_FAILED') return error;
  const lines = (process.lines.length > 0 ? process.lines : exit.lines).filter((line) =>
    /\b(error|fail(ed|s|ure)?)\b/i.test(line),
  );
  const details: EngineErrorDetails = {
    ...(error.details as EngineErrorDetails & { code: 'ENGINE_LOAD_FAILED' }),
    lines,
  };
  return new FilonError(details, `${error.message} ${lines.slice(-3).join(' ')}`.trim());
}

function notLoaded(model: string, device: string): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_MODEL_NOT_LOADED', model },
    `model ${model} is not loaded on ${device}.`,
  );
}
