/** What this node really computes: a running mean of tokens a second by model, class and how many sessions ran. */
import type { LoadRate } from '@filon/core/serving/routing';
import type { Clock } from '../../ports/clock.ts';
import { remember } from '../../ports/remember.ts';
import type { Store } from '../../ports/store.ts';

/** Each stands for itself and what is below the next one. */
const SESSION_STEPS: readonly number[] = [1, 2, 4, 8, 16, 32];
/** Of a new measurement in the mean. */
const WEIGHT = 0.2;
const WRITE_EVERY_MS = 60_000;
const MODELS_MAX = 64;

export interface Computed {
  /** sha256 of the file. */
  model: string;
  numericClass: string | null;
}

interface Measured {
  /** By step. */
  prefill: Map<number, number>;
  decode: Map<number, number>;
  writtenMs: number;
}

export class SpeedMeter {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #measured = new Map<string, Measured>();

  constructor(deps: { clock: Clock; store: Store }) {
    this.#clock = deps.clock;
    this.#store = deps.store;
    for (const { key, value } of deps.store.list('speeds')) {
      const of = (phase: 'prefill' | 'decode'): Map<number, number> =>
        new Map(value.rates.map((rate) => [rate.sessions, rate[phase]]));
      this.#measured.set(key, { prefill: of('prefill'), decode: of('decode'), writtenMs: value.atMs });
    }
  }

  /** One session's tokens a second while `sessions` ran together. */
  add(
    computed: Computed,
    phase: 'prefill' | 'decode',
    sample: { sessions: number; perSecond: number },
  ): void {
    const { sessions, perSecond } = sample;
    if (!Number.isFinite(perSecond) || perSecond <= 0 || sessions < 1) return;
    const measured = this.#of(computed);
    const step = SESSION_STEPS.findLast((from) => from <= sessions) ?? 1;
    const before = measured[phase].get(step);
    measured[phase].set(step, before === undefined ? perSecond : before + (perSecond - before) * WEIGHT);
    const nowMs = this.#clock.nowMs();
    if (Math.abs(nowMs - measured.writtenMs) < WRITE_EVERY_MS) return;
    measured.writtenMs = nowMs;
    const row = { rates: this.rates(computed), atMs: nowMs };
    remember(this.#store, () => this.#store.put('speeds', keyOf(computed), row));
  }

  /** By `sessions`, which grow. A phase that was not measured at a step is as at the nearest step where it was. */
  rates(computed: Computed): LoadRate[] {
    const measured = this.#measured.get(keyOf(computed));
    if (!measured || measured.prefill.size === 0 || measured.decode.size === 0) return [];
    const { prefill, decode } = measured;
    const steps = SESSION_STEPS.filter((step) => prefill.has(step) || decode.has(step));
    return steps.map((sessions) => ({
      sessions,
      prefill: nearest(prefill, sessions),
      decode: nearest(decode, sessions),
    }));
  }

  #of(computed: Computed): Measured {
    const key = keyOf(computed);
    const measured = this.#measured.get(key) ?? {
      ...{ prefill: new Map<number, number>(), decode: new Map<number, number>() },
      writtenMs: Number.NEGATIVE_INFINITY,
    };
    this.#measured.delete(key);
    this.#measured.set(key, measured);
    const [oldest] = this.#measured.keys();
    if (this.#measured.size > MODELS_MAX && oldest !== undefined) {
      this.#measured.delete(oldest);
      this.#store.delete('speeds', oldest);
    }
    return measured;
  }
}

function keyOf({ model, numericClass }: Computed): string {
  return `${model}/${numericClass ?? 'fast'}`;
}

function nearest(rates: ReadonlyMap<number, number>, sessions: number): number {
  const distance = (step: number): number => Math.abs(Math.log2(step / sessions));
  const [step = 1] = [...rates.keys()].sort((a, b) => distance(a) - distance(b) || a - b);
  return rates.get(step) ?? 0;
}
