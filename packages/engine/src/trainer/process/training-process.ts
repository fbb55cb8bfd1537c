/** One training in a process of its own, as a node sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { FilonError } from '@filon/core/errors';
import { endOf } from '../../device/child-end.ts';
import { childEnvironment } from '../../device/child-environment.ts';
import type { DeviceHostSpec } from '../../device/device-host.ts';
import type { TrainerErrorDetails } from '../errors.ts';
import type { FromTraining, ToTraining, TrainingCall, TrainingCalls } from './protocol.ts';

export interface TrainingProcess {
  readonly pid: number;
  /** Settles when the process is gone. */
  readonly exited: Promise<void>;
  /**
   * Asks one thing. A deadline that passes, or a signal, ends the process: nothing else stops a computation.
   * @throws TRAIN_*, GGUF_*; TRAIN_PROCESS_DIED when the process is lost
   */
  call<K extends TrainingCall>(
    kind: K,
    request: TrainingCalls[K]['request'],
    options: { signal: AbortSignal; timeoutMs: number },
  ): Promise<TrainingCalls[K]['reply']>;
  end(): Promise<void>;
}

const ENTRY = new URL('./main.ts', import.meta.url);
const OWN_STDERR = new URL('../../worker/own-stderr.ts', import.meta.url).href;
const LOG_LINES_MAX = 40;
const LINE_CHARACTERS_MAX = 400;
const END_GRACE_MS = 2_000;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

export function startTrainingProcess(host: DeviceHostSpec): TrainingProcess {
  return new ForkedTraining(host);
}

class ForkedTraining implements TrainingProcess {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #device: string;
  readonly #calls = new Map<number, Pending>();
  readonly #lines: string[] = [];
  #lastCall = 0;
  #death: FilonError | null = null;

  constructor(host: DeviceHostSpec) {
    this.#device = host.device;
    const { libraryDirectory, device, backend, threads } = host;
    this.#child = fork(ENTRY, [JSON.stringify({ libraryDirectory, device, backend, threads })], {
      env: childEnvironment({ UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '1' }),
      execArgv: [`--import=${OWN_STDERR}`, '--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.on('message', (message) => this.#receive(message as FromTraining));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#log(text));
    this.exited = endOf(this.#child).then((how) => this.#die(how));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async call<K extends TrainingCall>(
    kind: K,
    request: TrainingCalls[K]['request'],
    { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  ): Promise<TrainingCalls[K]['reply']> {
    signal.throwIfAborted();
    if (this.#death !== null) throw this.#death;
    this.#lastCall += 1;
    const id = this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#calls.set(id, { resolve, reject });
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const stop = (): void => {
      this.#child.kill('SIGKILL');
      reject(signal.aborted ? signal.reason : tooLong(kind, timeoutMs));
    };
    deadline.addEventListener('abort', stop, { once: true });
    const message = { kind, id, request } as ToTraining;
    if (this.#child.connected) this.#child.send(message, () => undefined);
    try {
      return (await promise) as TrainingCalls[K]['reply'];
    } finally {
      deadline.removeEventListener('abort', stop);
      this.#calls.delete(id);
    }
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), END_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  #receive(message: FromTraining): void {
    const call = this.#calls.get(message.id);
    if (message.kind === 'reply') call?.resolve(message.value);
    else call?.reject(FilonError.fromObject(message.error));
  }

  #log(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      this.#lines.push(line.slice(0, LINE_CHARACTERS_MAX));
      if (this.#lines.length > LOG_LINES_MAX) this.#lines.shift();
    }
  }

  #die(how: string): void {
    this.#death = new FilonError<TrainerErrorDetails>(
      { code: 'TRAIN_PROCESS_DIED', device: this.#device, exit: how, lines: [...this.#lines] },
      `the training's process on ${this.#device} died (${how}); it goes on from its last checkpoint.`,
    );
    for (const { reject } of this.#calls.values()) reject(this.#death);
  }
}

function tooLong(what: string, timeoutMs: number): FilonError<TrainerErrorDetails> {
  return new FilonError<TrainerErrorDetails>(
    { code: 'TRAIN_TIMEOUT', what, timeoutMs },
    `${what} of a training took longer than ${timeoutMs} ms, and its process was ended.`,
  );
}
