/**
 * Prompts that were there when workers died. A request is given up at its second death; the same prompt sent again has
 * one death less to spend, and after {@link STRIKES_MAX} deaths it is refused for a while: a poisonous prompt, grammar or
 * template must not fell one worker after another, and an innocent neighbour gets another chance. A prompt that was
 * answered to its end is innocent.
 */
import { createHash } from 'node:crypto';
import { FilonError } from '@filon/core/errors';
import type { CompletionRequest } from '@filon/core/serving/completion';
import type { Clock } from '../ports/clock.ts';
import { STRIKES_KEPT_MS, STRIKES_MAX, SUSPECTS_MAX } from './limits.ts';

export type Suspicious = Pick<CompletionRequest, 'model' | 'prompt' | 'format' | 'stop'>;

/** The deaths that one request was present at; its choices share it. */
export interface Presence {
  /** Deaths that every session of the request begins with. */
  readonly before: number;
  /** A session saw its n-th death. Sessions of one request that die together count once. */
  died(deathsOfSession: number): void;
  /** One of its sessions came to its own end. */
  survived(): void;
  /** The error with which the request ends. */
  giveUp(deaths: number, cause: unknown): FilonError;
}

export class Suspects {
  readonly #clock: Clock;
  /** Requests given up or refused since the start. */
  quarantined = 0;
  readonly #strikes = new Map<string, { count: number; lastMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Codes: SERVE_QUARANTINED. */
  enter(request: Suspicious): Presence {
    const before = this.#strikes.size === 0 ? 0 : this.#count(fingerprint(request));
    if (before >= STRIKES_MAX) throw this.#giveUp(before);
    let seen = Math.min(before, 1);
    return {
      before: seen,
      died: (deaths) => {
        if (deaths <= seen) return;
        seen = deaths;
        this.#strike(fingerprint(request));
      },
      survived: () => {
        if (this.#strikes.size > 0) this.#strikes.delete(fingerprint(request));
      },
      giveUp: (deaths, cause) => this.#giveUp(deaths, { cause }),
    };
  }

  #giveUp(deaths: number, options: { cause?: unknown } = {}): FilonError {
    this.quarantined += 1;
    const message = `workers died or fell silent ${deaths} times with this request in them; it is not tried again`;
    return new FilonError({ code: 'SERVE_QUARANTINED', deaths }, message, options);
  }

  #count(key: string): number {
    const strikes = this.#strikes.get(key);
    if (!strikes) return 0;
    if (this.#clock.monotonicMs() - strikes.lastMs <= STRIKES_KEPT_MS) return strikes.count;
    this.#strikes.delete(key);
    return 0;
  }

  #strike(key: string): void {
    const count = this.#count(key) + 1;
    this.#strikes.delete(key);
    this.#strikes.set(key, { count, lastMs: this.#clock.monotonicMs() });
    const [oldest] = this.#strikes.keys();
    if (this.#strikes.size > SUSPECTS_MAX && oldest !== undefined) this.#strikes.delete(oldest);
  }
}

/** Hashed, because prompts are kept no longer than their answers. */
function fingerprint({ model, prompt, format, stop }: Suspicious): string {
  return createHash('sha256')
    .update(JSON.stringify([model, prompt, format, stop]))
    .digest('base64');
}
