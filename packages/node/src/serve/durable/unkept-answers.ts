/** Answers whose callers did not want them kept: in memory alone, until a little after their end. */
import type { Clock } from '../../ports/clock.ts';
import type { StoredAnswerView } from './durable-answers.ts';
import type { DurableLimits } from './limits.ts';

export class UnkeptAnswers {
  readonly #limits: DurableLimits;
  readonly #deps: { clock: Clock; signal: AbortSignal };
  /** In the order of their ends, after those that run. */
  readonly #views = new Map<string, StoredAnswerView>();

  constructor(limits: DurableLimits, deps: { clock: Clock; signal: AbortSignal }) {
    this.#limits = limits;
    this.#deps = deps;
  }

  get(key: string): StoredAnswerView | undefined {
    return this.#views.get(key);
  }

  /** `chunks` may grow afterwards. */
  add(key: string, view: StoredAnswerView): void {
    this.#views.set(key, view);
  }

  /** False: it is none of these. */
  end(key: string, ending: Pick<StoredAnswerView, 'state' | 'endedMs' | 'error'>): boolean {
    const view = this.#views.get(key);
    if (!view) return false;
    const ended = { ...view, ...ending };
    this.#views.set(key, ended);
    this.#makeRoom();
    this.#forget(key, ended).catch(() => undefined);
    return true;
  }

  delete(key: string): void {
    this.#views.delete(key);
  }

  async #forget(key: string, ended: StoredAnswerView): Promise<void> {
    await this.#deps.clock.sleep(this.#limits.unkeptMs, { signal: this.#deps.signal });
    if (this.#views.get(key) === ended) this.#views.delete(key);
  }

  #makeRoom(): void {
    for (const [key, { state }] of this.#views) {
      if (this.#views.size <= this.#limits.unkeptMax) return;
      if (state !== 'running') this.#views.delete(key);
    }
  }
}
