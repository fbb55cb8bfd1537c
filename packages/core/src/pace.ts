/** How fast long work goes, and how long it still takes. */

const SAMPLE_EVERY_MS = 100;
/** The pace is a mean over about this long. */
const MEMORY_MS = 4000;
/** Of the whole, before the pace says anything about the time left. */
const SHARE_FOR_TIME_LEFT = 0.001;

/** A running mean that forgets; resumed work does not count what was done before. */
export class Pace {
  #lastMs: number | null = null;
  #lastDone = 0;
  #perSecond: number | null = null;

  /** Of whatever `done` counts; null while there is too little to tell. */
  get perSecond(): number | null {
    return this.#perSecond;
  }

  /** `nowMs` only grows. */
  add(nowMs: number, done: number): void {
    const tookMs = nowMs - (this.#lastMs ?? nowMs);
    if (this.#lastMs !== null && tookMs < SAMPLE_EVERY_MS) return;
    if (this.#lastMs !== null) {
      const now = (Math.max(0, done - this.#lastDone) * 1000) / tookMs;
      const weight = 1 - Math.exp(-tookMs / MEMORY_MS);
      this.#perSecond = this.#perSecond === null ? now : this.#perSecond + (now - this.#perSecond) * weight;
    }
    this.#lastMs = nowMs;
    this.#lastDone = done;
  }

  /** null while nobody can know. */
  leftMs(done: number, total: number | null): number | null {
    const perSecond = this.#perSecond;
    if (total === null || perSecond === null || perSecond <= 0) return null;
    return done < total * SHARE_FOR_TIME_LEFT ? null : ((total - done) * 1000) / perSecond;
  }
}
