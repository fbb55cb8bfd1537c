/** What a worker said of one session and its reader has not taken yet. Bounded by the session's own length. */
import type { WireOutput } from './protocol.ts';

export interface OutputQueue extends AsyncIterable<WireOutput> {
  readonly model: string;
  /** Its last output has come; the reader may not have taken it yet. */
  readonly ended: boolean;
  push(output: WireOutput): void;
  /** What is queued is still read; then the iteration throws. */
  fail(error: unknown): void;
}

/** Aborting throws at once, whatever is queued. */
export function createOutputQueue(model: string, signal: AbortSignal): OutputQueue {
  const queued: WireOutput[] = [];
  let ended = false;
  let failure: { error: unknown } | null = null;
  let wake: (() => void) | null = null;
  const notify = (): void => {
    wake?.();
    wake = null;
  };
  return {
    model,
    get ended() {
      return ended;
    },
    push: (output) => {
      // A reader that has something to take needs no sign of life.
      if (output.kind === 'waiting' && queued.length > 0) return;
      ended ||= output.kind === 'end' || output.kind === 'error';
      queued.push(output);
      notify();
    },
    fail: (error) => {
      failure ??= { error };
      notify();
    },
    async *[Symbol.asyncIterator]() {
      signal.addEventListener('abort', notify, { once: true });
      try {
        for (;;) {
          signal.throwIfAborted();
          const output = queued.shift();
          if (output !== undefined) yield output;
          else if (failure !== null) throw failure.error;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        signal.removeEventListener('abort', notify);
      }
    },
  };
}
