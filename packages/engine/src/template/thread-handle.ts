/** One rendering thread, from its start to its end, with one job at a time. */
import { Worker } from 'node:worker_threads';
import { FilonError, messageOf } from '@filon/core/errors';
import type { TemplateErrorDetails } from './errors.ts';
import {
  HEAP_HARD_MB,
  KILL_AFTER_MS,
  RENDER_MS_MAX,
  STACK_MB,
  START_MS_MAX,
  YOUNG_HEAP_MB,
} from './limits.ts';
import type { RenderJob, RenderReply } from './render-protocol.ts';

export interface ThreadHandle {
  /** Whether it can still take work. */
  readonly alive: boolean;
  /** Rejects with TEMPLATE_TIMEOUT or TEMPLATE_MEMORY when the thread had to be ended or ended by itself. */
  run(job: RenderJob): Promise<RenderReply>;
  end(): Promise<void>;
}

interface Waiting {
  resolve(reply: RenderReply): void;
  reject(error: FilonError<TemplateErrorDetails>): void;
}

export function startThread(): ThreadHandle {
  const worker = new Worker(new URL('./render-thread.ts', import.meta.url), {
    execArgv: [],
    resourceLimits: {
      maxOldGenerationSizeMb: HEAP_HARD_MB,
      maxYoungGenerationSizeMb: YOUNG_HEAP_MB,
      stackSizeMb: STACK_MB,
    },
  });
  let alive = true;
  let ready = false;
  let waiting: Waiting | null = null;
  let job: RenderJob | null = null;
  let timer: NodeJS.Timeout | null = null;

  const settle = (act: (waiting: Waiting) => void): void => {
    if (timer !== null) clearTimeout(timer);
    const before = waiting;
    waiting = null;
    job = null;
    worker.unref();
    if (before !== null) act(before);
  };
  const fail = (error: FilonError<TemplateErrorDetails>): void => {
    alive = false;
    settle(({ reject }) => reject(error));
    void worker.terminate();
  };
  const limit = (ms: number): void => {
    // A busy event loop sees the timer before the reply that came in time: let it look once more.
    const mine = waiting;
    timer = setTimeout(() => setImmediate(() => waiting === mine && fail(tooLong())), ms);
  };
  const send = (): void => {
    if (job === null) return;
    if (timer !== null) clearTimeout(timer);
    worker.postMessage(job);
    limit(KILL_AFTER_MS);
  };
  worker.on('message', (reply: RenderReply) => {
    if (reply.kind !== 'ready') return settle(({ resolve }) => resolve(reply));
    ready = true;
    send();
  });
  worker.on('error', (error) => fail(deathOf(error)));
  worker.on('exit', (code) => fail(deathOf(new RangeError(`it ended with code ${code}`))));

  return {
    get alive() {
      return alive;
    },
    run: (next) =>
      new Promise((resolve, reject) => {
        worker.ref();
        waiting = { resolve, reject };
        job = next;
        if (ready) send();
        else limit(START_MS_MAX);
      }),
    async end() {
      alive = false;
      await worker.terminate();
    },
  };
}

export function tooLong(): FilonError<TemplateErrorDetails> {
  return new FilonError(
    { code: 'TEMPLATE_TIMEOUT', limitMs: RENDER_MS_MAX },
    `The model's chat template ran longer than ${RENDER_MS_MAX} ms and was stopped; its file may be faulty or hostile.`,
  );
}

export function tooMuchMemory(cause?: unknown): FilonError<TemplateErrorDetails> {
  return new FilonError(
    { code: 'TEMPLATE_MEMORY' },
    "The model's chat template used too much memory and was stopped; its file may be faulty or hostile.",
    cause === undefined ? undefined : { cause },
  );
}

function deathOf(error: unknown): FilonError<TemplateErrorDetails> {
  const memory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  if (memory) return tooMuchMemory(error);
  return new FilonError(
    { code: 'TEMPLATE_INVALID' },
    `The thread that renders chat templates failed: ${messageOf(error)}.`,
    { cause: error },
  );
}
