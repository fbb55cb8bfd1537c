/** What one request holds, let go together and once; and all requests that are under way, for a graceful stop. */
import { FilonError } from '@filon/core/errors';
import type { Clock } from '../ports/clock.ts';

export interface Scope {
  /** Aborts with the client's signal, or when serving stops, or when the request is over. */
  readonly signal: AbortSignal;
  /** Will be let go at the end, last come first. */
  use<T extends Disposable>(resource: T): T;
  abandon(reason?: unknown): void;
  close(): void;
}

export class Scopes {
  readonly #open = new Set<Scope>();
  #stopping: FilonError | null = null;
  #idle: (() => void) | null = null;

  get stopping(): boolean {
    return this.#stopping !== null;
  }

  /** Codes: SERVE_STOPPING, the signal's reason. */
  enter(signal: AbortSignal): Scope {
    if (this.#stopping) throw this.#stopping;
    signal.throwIfAborted();
    const own = new AbortController();
    const resources = new DisposableStack();
    const leave = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const scope: Scope = {
      signal: own.signal,
      use: (resource) => resources.use(resource),
      abandon: (reason) => own.abort(reason),
      close: () => {
        signal.removeEventListener('abort', leave);
        this.#open.delete(scope);
        resources.dispose();
        if (this.#open.size === 0) this.#idle?.();
      },
    };
    this.#open.add(scope);
    return scope;
  }

  /** From now on nobody enters. */
  stop(): FilonError {
    this.#stopping ??= new FilonError(
      { code: 'SERVE_STOPPING' },
      'this node is stopping, and what it was answering ends here; ask again, at another node or later',
    );
    return this.#stopping;
  }

  abandonAll(reason: unknown): void {
    for (const scope of [...this.#open]) scope.abandon(reason);
  }

  /** Resolves when no request is under way, or when the time is over. */
  async idleWithin(timeoutMs: number, clock: Clock): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const over = new AbortController();
    const time = clock.sleep(timeoutMs, { signal: over.signal }).catch(() => undefined);
    await Promise.race([promise, time]);
    over.abort();
  }
}
