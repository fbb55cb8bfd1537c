/** Whether an upstream answers. One that failed is left alone, longer each time, and looked at until it is back. */
import { orAborted } from '@filon/core/abort';
import { isFilonError } from '@filon/core/errors';
import type { Clock } from '../../ports/clock.ts';
import type { Waiting } from '../../ports/engine.ts';
import { withTimeout } from '../timeout.ts';
import { BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, CHECK_TIMEOUT_MS } from './limits.ts';

export interface HealthDeps {
  clock: Clock;
  /** Rejects while it is not back. */
  check: (options: Waiting) => Promise<void>;
  onChange: (up: boolean, reason: string) => void;
  /** Ends the looking. */
  signal: AbortSignal;
}

/** Those that an operator must mend. */
const LASTING: ReadonlySet<string> = new Set([
  ...[
    'UPSTREAM_REDIRECTED',
    'UPSTREAM_KEY_REFUSED',
    'UPSTREAM_CERTIFICATE',
    'UPSTREAM_MODEL_UNKNOWN',
    'HOME_KEY',
  ],
]);
/** Of errors that are not the request's own: another place, or another time, may do. */
const FAILURES: ReadonlySet<string> = new Set([
  ...LASTING,
  ...['UPSTREAM_UNREACHABLE', 'UPSTREAM_BUSY', 'UPSTREAM_FAILED', 'UPSTREAM_BROKEN', 'UPSTREAM_STALLED'],
  'SERVE_TIMEOUT',
  ...['REPLICA_REFUSED', 'REPLICA_LOST'],
]);

export function isFailure(error: unknown): boolean {
  return isFilonError(error) && FAILURES.has(error.code);
}

export class Health {
  readonly #deps: HealthDeps;
  #failures = 0;
  /** Of the clock that only grows; null: it is up. */
  #againMs: number | null = null;
  #reason = '';
  #risen = Promise.withResolvers<void>();

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#risen.resolve();
  }

  get isUp(): boolean {
    return this.#againMs === null;
  }

  /** The code of the last failure; '': it is up. */
  get reason(): string {
    return this.isUp ? '' : this.#reason;
  }

  /** Until it is looked at again; 0: it is up. */
  get againInMs(): number {
    return this.#againMs === null ? 0 : Math.max(0, this.#againMs - this.#deps.clock.monotonicMs());
  }

  async whenUp(signal: AbortSignal): Promise<void> {
    await orAborted(this.#risen.promise, signal);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#rise();
  }

  failed(error: unknown): void {
    if (!isFailure(error) || !isFilonError(error)) return;
    const wasUp = this.isUp;
    this.#fall(
      error.code,
      'retryAfterSeconds' in error.details ? Number(error.details.retryAfterSeconds) : 0,
    );
    if (!wasUp) return;
    this.#risen = Promise.withResolvers();
    this.#deps.onChange(false, error.code);
    void this.#look();
  }

  #fall(reason: string, leastSeconds: number): void {
    const doubledMs = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** this.#failures);
    const backOffMs = LASTING.has(reason) ? BACK_OFF_MAX_MS : doubledMs;
    this.#failures += 1;
    this.#reason = reason;
    this.#againMs = this.#deps.clock.monotonicMs() + Math.max(backOffMs, leastSeconds * 1000);
  }

  /** That it answers again is no proof: only an answer forgets the failures. */
  #rise(): void {
    if (this.isUp) return;
    this.#againMs = null;
    this.#risen.resolve();
    this.#deps.onChange(true, '');
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, check, signal } = this.#deps;
    const timing = { clock, signal, timeoutMs: CHECK_TIMEOUT_MS, what: 'looking at an upstream' };
    while (!this.isUp && !signal.aborted) {
      try {
        await clock.sleep(this.againInMs, { signal });
        if (this.isUp) return;
        await withTimeout((within) => check({ signal: within }), timing);
        this.#rise();
      } catch (error) {
        if (signal.aborted) return;
        this.#fall(isFilonError(error) ? error.code : 'INTERNAL', 0);
      }
    }
  }
}
