/**
 * Sessions of a run, and what to do when one is lost: wait while somebody of higher right has the device, go on after a
 * process died, and compute inner results twice where memory is short. What would only fail again is thrown.
 */
import { FilonError, isFilonError } from '@filon/core/errors';
import type { Checkpoint } from '@filon/core/training/checkpoint';
import type { TrainingSpec } from '@filon/core/training/session';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Trainer, TrainingSession } from '../../ports/trainer.ts';
import type { RunFolder } from './run-folder.ts';

/** Processes that may be lost one after the other without a checkpoint between them. */
const DEATHS_MAX = 3;
const HELD_WAIT_MS = 1000;

export interface AttemptsDeps {
  trainer: Trainer;
  folder: RunFolder;
  clock: Clock;
  log: Log;
  run: string;
  /** The device is somebody else's; called again and again. */
  onHeld(): Promise<void>;
  /** Memory is short: from now on specs have `recompute`. False: they had it already. */
  onShort(): Promise<boolean>;
}

export interface AttemptOptions {
  /** Ends at once. */
  signal: AbortSignal;
  /** The operator, or the node's end: finish the step, save, leave. */
  pause: AbortSignal;
}

/** Of one attempt: everything that it opens ends when its device is wanted. */
export interface Attempt {
  /** Ends what cannot be gone on with. */
  signal: AbortSignal;
  /** Says when to finish the step and save. */
  pause: AbortSignal;
  open(spec: TrainingSpec, from: Checkpoint | null): Promise<TrainingSession>;
}

export class Attempts {
  readonly #deps: AttemptsDeps;
  #deaths = 0;
  #lastStep = -1;

  constructor(deps: AttemptsDeps) {
    this.#deps = deps;
  }

  /** The newest checkpoint that is whole. */
  async newest(): Promise<Checkpoint | null> {
    const { folder, log, run } = this.#deps;
    for (const checkpoint of await folder.checkpoints()) {
      if (await folder.isWhole(checkpoint)) return checkpoint;
      log.warn('train.checkpoint-bad', { run, step: checkpoint.step });
    }
    return null;
  }

  /** Runs a phase to its end, as often as it takes. An abort of either signal is thrown on. */
  async until<T>(options: AttemptOptions, phase: (attempt: Attempt) => Promise<T>): Promise<T> {
    for (;;) {
      options.signal.throwIfAborted();
      options.pause.throwIfAborted();
      const revoked = new AbortController();
      const attempt = this.#attempt(options, revoked);
      try {
        return await phase(attempt);
      } catch (error) {
        if (options.signal.aborted || options.pause.aborted) throw error;
        if (!revoked.signal.aborted) await this.#excuse(error, options);
      }
    }
  }

  #attempt({ signal, pause }: AttemptOptions, revoked: AbortController): Attempt {
    const wanted = AbortSignal.any([pause, revoked.signal]);
    return {
      signal,
      pause: wanted,
      open: async (spec, from) => {
        const { trainer, folder } = this.#deps;
        const session = await trainer.open(spec, { signal });
        session.revoked.addEventListener('abort', () => revoked.abort(revocation()), { once: true });
        if (session.revoked.aborted) revoked.abort(revocation());
        try {
          if (from !== null) await session.restore(folder.statePath(from.state), { signal });
          return session;
        } catch (error) {
          await session[Symbol.asyncDispose]();
          throw error;
        }
      },
    };
  }

  /** Returns where another try may do better. */
  async #excuse(error: unknown, { signal, pause }: AttemptOptions): Promise<void> {
    const { clock, folder, log, run, onHeld, onShort } = this.#deps;
    if (isFilonError(error, 'RIG_CARD_HELD')) {
      await onHeld();
      await clock.sleep(HELD_WAIT_MS, { signal: AbortSignal.any([signal, pause]) });
      return;
    }
    if (isFilonError(error, 'TRAIN_OUT_OF_MEMORY') && (await onShort())) return;
    if (!isFilonError(error, 'TRAIN_PROCESS_DIED')) throw error;
    const [latest] = await folder.checkpoints();
    const step = latest?.step ?? 0;
    this.#deaths = step > this.#lastStep ? 1 : this.#deaths + 1;
    this.#lastStep = step;
    log.warn('train.process-died', { run, step, deaths: this.#deaths, error });
    if (this.#deaths >= DEATHS_MAX) throw error;
  }
}

function revocation(): FilonError {
  return new FilonError({ code: 'TRAIN_REVOKED' }, 'somebody of higher right wants the device.');
}
