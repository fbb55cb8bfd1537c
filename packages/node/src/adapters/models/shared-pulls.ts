/** Pulls of one model share one download: it ends when the last of those who wait has left. */
import { pullsTooMany } from '@filon/core/model/errors';
import type { PullProgress, StoredModel } from '../../ports/models.ts';

export const PULLS_MAX = 8;

type Listener = (progress: PullProgress) => void;
type Work = (options: { signal: AbortSignal; onProgress: Listener }) => Promise<StoredModel>;

interface Waiter {
  signal: AbortSignal;
  onProgress?: Listener | undefined;
}

class SharedPull {
  readonly result: Promise<StoredModel>;
  readonly #listeners = new Set<Listener>();
  readonly #ending = new AbortController();
  #waiters = 0;
  #last: PullProgress | null = null;

  constructor(work: Work) {
    this.result = work({ signal: this.#ending.signal, onProgress: (progress) => this.#tell(progress) });
    // Whoever waits hears of a failure; when nobody does any more, nobody needs to.
    this.result.catch(() => undefined);
  }

  get isLeft(): boolean {
    return this.#ending.signal.aborted;
  }

  async join({ signal, onProgress }: Waiter): Promise<StoredModel> {
    this.#waiters++;
    if (onProgress !== undefined) {
      this.#listeners.add(onProgress);
      if (this.#last !== null) onProgress(this.#last);
    }
    const leaving = Promise.withResolvers<never>();
    const leave = (): void => leaving.reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([this.result, leaving.promise]);
    } finally {
      signal.removeEventListener('abort', leave);
      if (onProgress !== undefined) this.#listeners.delete(onProgress);
      this.#waiters--;
      if (this.#waiters === 0) this.end(signal.reason);
    }
  }

  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  #tell(progress: PullProgress): void {
    this.#last = progress;
    for (const listener of this.#listeners) listener(progress);
  }
}

export class SharedPulls implements AsyncDisposable {
  readonly #pulls = new Map<string, SharedPull>();

  /** Codes: MODEL_PULLS_TOO_MANY, and those of `work`. */
  async join(key: string, waiter: Waiter, work: Work): Promise<StoredModel> {
    waiter.signal.throwIfAborted();
    let pull = this.#pulls.get(key);
    // One that everybody left is winding up; the new one waits for its lock.
    if (pull === undefined || pull.isLeft) {
      if (this.#pulls.size >= PULLS_MAX) throw pullsTooMany(PULLS_MAX);
      const started = new SharedPull(work);
      this.#pulls.set(key, started);
      started.result
        .catch(() => undefined)
        .finally(() => {
          if (this.#pulls.get(key) === started) this.#pulls.delete(key);
        });
      pull = started;
    }
    return pull.join(waiter);
  }

  /** Ends all and waits until they have let go of their files. */
  async [Symbol.asyncDispose](): Promise<void> {
    const pulls = [...this.#pulls.values()];
    for (const pull of pulls) pull.end(new DOMException('the node is stopping', 'AbortError'));
    await Promise.allSettled(pulls.map((pull) => pull.result));
  }
}
