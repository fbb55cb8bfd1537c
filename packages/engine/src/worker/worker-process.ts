/**
 * One life of a worker: a forked process, its calls and its sessions. When it dies everything that waits on it fails with
 * ENGINE_WORKER_DIED; who starts the next life, and when, is the supervisor's business.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { FilonError } from '@filon/core/errors';
import type { SessionRequest, SessionSign } from '@filon/core/serving/session';
import { endOf } from '../device/child-end.ts';
import { childEnvironment } from '../device/child-environment.ts';
import type { DeviceHostSpec } from '../device/device-host.ts';
import type { EngineErrorDetails } from '../errors.ts';
import type { Counters } from '../stage/batcher.ts';
import type { WorkerExit } from './deaths.ts';
import { HangWatch } from './hang-watch.ts';
import { createOutputQueue, type OutputQueue } from './output-queue.ts';
import {
  type CallKind,
  type Calls,
  type FromWorker,
  START_ID,
  type ToWorker,
  type WireOutput,
} from './protocol.ts';

export interface CallOptions {
  signal: AbortSignal;
  timeoutMs: number;
  onProgress?: (share: number) => void;
}

export interface WorkerProcess {
  readonly pid: number;
  readonly counters: Counters;
  /** Open sessions of a model. */
  sessions(model: string): number;
  /** The last lines that it wrote. */
  readonly lines: readonly string[];
  /** Settles when the process is gone, with how it ended. */
  readonly exited: Promise<WorkerExit>;
  call<K extends CallKind>(
    kind: K,
    request: Calls[K]['request'],
    options: CallOptions,
  ): Promise<Calls[K]['reply']>;
  open(request: SessionRequest, options: { signal: AbortSignal }): AsyncIterable<SessionSign>;
  /** Ends the process; sessions that are open die with it. */
  end(): Promise<void>;
}

export interface WorkerProcessSpec extends DeviceHostSpec {
  /** A process that holds sessions and gives no sign of life for this long is killed. */
  stallMs: number;
  startTimeoutMs: number;
}

const LOG_LINES_MAX = 40;
const LINE_CHARACTERS_MAX = 400;
const END_GRACE_MS = 2_000;
const CANCEL_TIMEOUT_MS = 5_000;
const NEVER = new AbortController().signal;
/** What a worker answers between two decodes: one that has said nothing at all when the time is over hangs. */
const SHORT_CALLS: ReadonlySet<CallKind> = new Set(['tokenize', 'unload']);
const ENTRY = new URL('./main.ts', import.meta.url);
const OWN_STDERR = new URL('./own-stderr.ts', import.meta.url).href;
const NO_COUNTS: Counters = { generatedTokens: 0, promptTokens: 0, cachedTokens: 0, cancelled: 0, ticks: 0 };

interface PendingCall {
  kind: CallKind;
  model: string;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((share: number) => void) | undefined;
}

/** Resolves when the worker said that it is ready. Codes: ENGINE_WORKER_DIED, ENGINE_TIMEOUT. */
export async function startWorkerProcess(
  spec: WorkerProcessSpec,
  { signal }: { signal: AbortSignal },
): Promise<WorkerProcess> {
  signal.throwIfAborted();
  const worker = new ForkedWorker(spec);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(spec.startTimeoutMs)]);
  try {
    await worker.untilReady(deadline);
  } catch (error) {
    worker.kill();
    if (!deadline.aborted || signal.aborted) throw error;
    throw timeout(`start of the worker of ${spec.device}`, spec.startTimeoutMs);
  }
  return worker;
}

class ForkedWorker implements WorkerProcess {
  counters: Counters = NO_COUNTS;
  readonly exited: Promise<WorkerExit>;
  readonly #spec: WorkerProcessSpec;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, PendingCall>();
  readonly #sessions = new Map<string, OutputQueue>();
  readonly #answered = new Set<string>();
  readonly lines: string[] = [];
  readonly #ready = Promise.withResolvers<void>();
  #lastCall = 0;
  #death: FilonError | null = null;
  #heardMs = 0;
  readonly #hang: HangWatch;

  constructor(spec: WorkerProcessSpec) {
    this.#spec = spec;
    this.#hang = new HangWatch(spec.stallMs, () => this.kill());
    const { libraryDirectory, device, backend, threads } = spec;
    this.#child = fork(ENTRY, [JSON.stringify({ libraryDirectory, device, backend, threads })], {
      // A load and a decode run side by side, and no more: decodes take turns. One heap for all threads, or each
      // would keep what a load once needed.
      env: childEnvironment({ UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '1' }),
      // Before everything else: what is imported may open the stream that this replaces.
      execArgv: [
        `--import=${OWN_STDERR}`,
        '--disable-warning=ExperimentalWarning',
        '--max-semi-space-size=4',
      ],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message) => this.#receive(message as FromWorker));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#log(text));
    this.exited = this.#untilGone();
    void this.exited.then((exit) => this.#die(exit));
    this.#ready.promise.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  sessions(model: string): number {
    return [...this.#sessions.values()].filter((queue) => queue.model === model).length;
  }

  untilReady(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#ready.reject(signal.reason), { once: true });
    return this.#ready.promise;
  }

  async call<K extends CallKind>(
    kind: K,
    request: Calls[K]['request'],
    { signal, timeoutMs, onProgress }: CallOptions,
  ): Promise<Calls[K]['reply']> {
    signal.throwIfAborted();
    if (this.#death !== null) throw this.#death;
    this.#lastCall += 1;
    const id = this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const askedMs = performance.now();
    let overdue: FilonError | null = null;
    const late = (): void => {
      // Nothing else stops a load, and all loads after it would wait.
      if (kind === 'load') overdue = timeout(`${kind} on ${this.#spec.device}`, timeoutMs);
      // The death then ends this call, and those of everybody else.
      if (kind === 'load' || (SHORT_CALLS.has(kind) && this.#heardMs < askedMs)) this.kill();
      else reject(timeout(`${kind} on ${this.#spec.device}`, timeoutMs));
    };
    const timer = setTimeout(late, timeoutMs);
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const { model } = 'spec' in request ? request.spec : request;
    this.#calls.set(id, { kind, model, resolve, reject, onProgress });
    this.#send({ kind, id, request } as ToWorker);
    try {
      const reply = (await promise) as Calls[K]['reply'];
      if (kind === 'embed') this.#answered.add(model);
      return reply;
    } catch (error) {
      this.#send({ kind: 'abort', id });
      throw overdue ?? error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#calls.delete(id);
    }
  }

  async *open(request: SessionRequest, { signal }: { signal: AbortSignal }): AsyncIterable<SessionSign> {
    signal.throwIfAborted();
    if (this.#death !== null) throw this.#death;
    const { session, model } = request;
    if (this.#sessions.has(session)) {
      throw new FilonError<EngineErrorDetails>(
        { code: 'ENGINE_SESSION_BUSY', session },
        `session ${session} is open already.`,
      );
    }
    const queue = createOutputQueue(model, signal);
    this.#sessions.set(session, queue);
    this.#hang.watch(true);
    this.#send({ kind: 'open', request });
    let ended = false;
    try {
      for await (const output of queue) {
        ended = output.kind === 'end' || output.kind === 'error';
        if (output.kind === 'error') throw FilonError.fromObject(output.error);
        yield output;
        if (ended) return;
      }
    } finally {
      this.#sessions.delete(session);
      this.#hang.watch(this.#sessions.size > 0);
      if (!ended) await this.#cancel(model, session);
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.kill(), END_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  /** Returns when the slot is free. A worker that died has no slots, and one that hangs is killed by others. */
  async #cancel(model: string, session: string): Promise<void> {
    const options = { signal: NEVER, timeoutMs: CANCEL_TIMEOUT_MS };
    try {
      this.counters = await this.call('cancel', { model, session }, options);
    } catch {
      // Told by `exited`.
    }
  }

  /** Gone means exited and read to the end: what the worker had sent before it died still counts. */
  async #untilGone(): Promise<WorkerExit> {
    const how = await endOf(this.#child);
    return { how, lines: [...this.lines], ...this.#work() };
  }

  #work(): Pick<WorkerExit, 'loading' | 'answering' | 'answered'> {
    const calls = [...this.#calls.values()];
    const sessions = [...this.#sessions.values()].filter(({ ended }) => !ended);
    const asked = calls.filter(({ kind }) => kind === 'embed' || kind === 'tokenize');
    return {
      loading: modelsOf(calls.filter(({ kind }) => kind === 'load')),
      answering: modelsOf([...sessions, ...asked]),
      answered: [...this.#answered],
    };
  }

  #send(message: ToWorker): void {
    // A channel that closed meanwhile is no error here: 'close' follows and tells everybody who waits.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #receive(message: FromWorker): void {
    this.#heardMs = performance.now();
    if (message.kind === 'outputs') {
      this.counters = message.counters;
      for (const [session, output] of message.outputs) this.#take(session, output);
      this.#hang.heard();
    } else if (message.kind === 'ready') this.#ready.resolve();
    else if (message.kind === 'reply') this.#calls.get(message.id)?.resolve(message.value);
    else if (message.kind === 'progress') this.#calls.get(message.id)?.onProgress?.(message.share);
    else if (message.id === START_ID) this.#ready.reject(FilonError.fromObject(message.error));
    else this.#calls.get(message.id)?.reject(FilonError.fromObject(message.error));
  }

  #take(session: string, output: WireOutput): void {
    const queue = this.#sessions.get(session);
    queue?.push(output);
    if (queue !== undefined && output.kind === 'end') this.#answered.add(queue.model);
  }

  #log(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      this.lines.push(line.slice(0, LINE_CHARACTERS_MAX));
      if (this.lines.length > LOG_LINES_MAX) this.lines.shift();
    }
  }

  #die(exit: WorkerExit): void {
    this.#hang.stop();
    const error = died(this.#spec.device, exit);
    this.#death = error;
    this.#ready.reject(error);
    for (const call of this.#calls.values()) call.reject(error);
    for (const queue of this.#sessions.values()) queue.fail(error);
  }
}

function modelsOf(work: readonly { model: string }[]): string[] {
  return [...new Set(work.map(({ model }) => model))];
}

function died(device: string, { how, lines }: WorkerExit): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_WORKER_DIED', device, exit: how, lines },
    `the worker of ${device} died (${how}).`,
  );
}

function timeout(what: string, timeoutMs: number): FilonError<EngineErrorDetails> {
  return new FilonError<EngineErrorDetails>(
    { code: 'ENGINE_TIMEOUT', what, timeoutMs },
    `${what} took longer than ${timeoutMs} ms.`,
  );
}
