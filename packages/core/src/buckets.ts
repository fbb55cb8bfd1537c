/** Token buckets: a number of things at once, and as many again over a minute. In memory: a restart forgives. */
const MINUTE_MS = 60_000;
/** Fractions of a thing that rounding may lose. */
const SLACK = 1e-9;

/** Of a clock, what measures how much time has passed. */
export interface Elapsing {
  /** Milliseconds that only grow. */
  monotonicMs(): number;
}

export interface BucketState {
  perMinute: number;
  /** Whole things that may be had now. */
  left: number;
  /** Until one more may be had; 0 when some may. */
  waitMs: number;
  /** Until all may be had. */
  fullMs: number;
}

interface Bucket {
  level: number;
  atMs: number;
}

export class Buckets {
  readonly #clock: Elapsing;
  readonly #countMax: number;
  readonly #buckets = new Map<string, Bucket>();

  /** Beyond `countMax` the bucket that was touched longest ago is forgotten, which is to say full. */
  constructor(clock: Elapsing, countMax: number) {
    this.#clock = clock;
    this.#countMax = countMax;
  }

  look(name: string, perMinute: number): BucketState {
    return this.#state(this.#levelOf(name, perMinute), perMinute);
  }

  /** `taken` is false when there was none to be had; then nothing changes. */
  take(name: string, perMinute: number): BucketState & { taken: boolean } {
    const level = this.#levelOf(name, perMinute);
    const taken = level >= 1 - SLACK;
    const rest = taken ? Math.max(0, level - 1) : level;
    this.#buckets.delete(name);
    this.#buckets.set(name, { level: rest, atMs: this.#clock.monotonicMs() });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#countMax && oldest !== undefined) this.#buckets.delete(oldest);
    return { ...this.#state(rest, perMinute), taken };
  }

  forget(name: string): void {
    this.#buckets.delete(name);
  }

  #levelOf(name: string, perMinute: number): number {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) return perMinute;
    const passedMs = Math.max(0, this.#clock.monotonicMs() - bucket.atMs);
    return Math.min(perMinute, bucket.level + (passedMs * perMinute) / MINUTE_MS);
  }

  #state(level: number, perMinute: number): BucketState {
    const msFor = (missing: number): number => Math.max(0, (missing * MINUTE_MS) / perMinute);
    return {
      perMinute,
      left: Math.floor(level + SLACK),
      waitMs: level >= 1 - SLACK ? 0 : msFor(1 - level),
      fullMs: msFor(perMinute - level),
    };
  }
}
