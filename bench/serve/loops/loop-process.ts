/** A loop in a process of its own, as its parent sees it. It ends when this process does. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { FilonError } from '@filon/core/errors';
import type { DecodeWork } from '../cases/work.ts';
import type { Completion } from '../completion.ts';
import type { BenchErrorDetails } from '../errors.ts';
import type { FromLoop, LoopStart } from './protocol.ts';

export interface LoopProcess extends AsyncDisposable {
  run(work: DecodeWork): Promise<Completion[]>;
}

const ENTRY = new URL('./child.ts', import.meta.url);
const TIMEOUT_MS = 300_000;

/** Codes: BENCH_PROGRAM_DIED, BENCH_TIMEOUT. */
export async function startLoop(start: LoopStart, signal: AbortSignal): Promise<LoopProcess> {
  signal.throwIfAborted();
  const child = fork(ENTRY, [JSON.stringify(start)], {
    // As the engine's own workers are started.
    env: { UV_THREADPOOL_SIZE: start.kind === 'bare' ? '1' : '4' },
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const loop = new Forked(start.kind, child, signal);
  try {
    await loop.next();
  } catch (error) {
    await loop[Symbol.asyncDispose]();
    throw error;
  }
  return loop;
}

class Forked implements LoopProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  constructor(name: string, child: ChildProcess, signal: AbortSignal) {
    this.#name = `${name} loop`;
    this.#child = child;
    this.#signal = signal;
  }

  async run(work: DecodeWork): Promise<Completion[]> {
    const answer = this.next();
    this.#child.send({ kind: 'work', work });
    const message = await answer;
    return message.kind === 'done' ? message.answers : [];
  }

  /** The next message; a child that dies or is silent for too long is an error. */
  async next(): Promise<FromLoop> {
    const done = new AbortController();
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    const signal = AbortSignal.any([this.#signal, deadline, done.signal]);
    try {
      const [message] = (await Promise.race([
        once(this.#child, 'message', { signal }),
        once(this.#child, 'exit', { signal }).then(([code, killedBy]) => [died(String(killedBy ?? code))]),
      ])) as [FromLoop];
      if (message.kind !== 'failed') return message;
      const details: BenchErrorDetails = {
        ...{ code: 'BENCH_PROGRAM_DIED', program: this.#name, how: message.message, lines: [] },
      };
      throw new FilonError(details, `The ${this.#name} failed: ${message.message}`);
    } catch (error) {
      if (this.#signal.aborted || !deadline.aborted) throw error;
      const details: BenchErrorDetails = { code: 'BENCH_TIMEOUT', what: this.#name, timeoutMs: TIMEOUT_MS };
      throw new FilonError(details, `The ${this.#name} took longer than ${TIMEOUT_MS} ms.`);
    } finally {
      done.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    else this.#child.kill('SIGKILL');
    await gone;
  }
}

function died(how: string): FromLoop {
  return { kind: 'failed', message: `it ended (${how})` };
}
