/**
 * What a run measured at its steps, thinned to be drawn: however long it is, a curve has a bounded number of points. Where
 * there are more, neighbours become their mean, so that a point says the same of the beginning as of the end.
 */
import type { Metric } from './run.ts';

/** Of a curve, at most. Screens are not much wider. */
export const CURVE_POINTS_MAX = 400;

export interface StepPoint {
  /** The last one that is in it. */
  step: number;
  loss: number;
  gradientNorm: number;
  learningRate: number;
}

export interface ValidationPoint {
  step: number;
  loss: number;
}

export interface Curves {
  /** Steps ascend. Means over equally many measurements each, but for the last. */
  steps: StepPoint[];
  validation: ValidationPoint[];
}

type Point = Readonly<Record<string, number>> & { readonly step: number };

/** Takes metrics in the order in which they were written. */
export class CurveMaker {
  readonly #steps = new Thinned<StepPoint & Point>();
  readonly #validation = new Thinned<ValidationPoint & Point>();

  /** Of a step that is taken again, what came of it the first time is forgotten. */
  add(metric: Metric): void {
    const { step, loss } = metric;
    if (metric.kind === 'validation') {
      this.#validation.add({ step, loss });
      return;
    }
    const { gradientNorm, learningRate } = metric;
    this.#steps.add({ step, loss, gradientNorm, learningRate });
  }

  /** Five digits are more than can be seen. */
  get curves(): Curves {
    return { steps: this.#steps.points.map(rounded), validation: this.#validation.points.map(rounded) };
  }
}

interface Bucket<P> {
  count: number;
  mean: P;
}

class Thinned<P extends Point> {
  #buckets: Bucket<P>[] = [];
  /** Measurements in a bucket that is full. */
  #stride = 1;

  get points(): P[] {
    return this.#buckets.map(({ mean }) => mean);
  }

  add(point: P): void {
    // A run that goes on from a checkpoint takes its last steps again.
    while ((this.#buckets.at(-1)?.mean.step ?? -1) >= point.step) this.#buckets.pop();
    const last = this.#buckets.at(-1);
    if (last !== undefined && last.count < this.#stride)
      this.#buckets[this.#buckets.length - 1] = merged(last, { count: 1, mean: point });
    else this.#buckets.push({ count: 1, mean: point });
    if (this.#buckets.length > CURVE_POINTS_MAX) this.#halve();
  }

  #halve(): void {
    this.#stride *= 2;
    this.#buckets = this.#buckets.flatMap((bucket, at) => {
      if (at % 2 === 1) return [];
      const next = this.#buckets[at + 1];
      return [next === undefined ? bucket : merged(bucket, next)];
    });
  }
}

function merged<P extends Point>(a: Bucket<P>, b: Bucket<P>): Bucket<P> {
  const count = a.count + b.count;
  const mean = Object.fromEntries(
    Object.entries(a.mean).map(([name, value]) => [
      name,
      name === 'step' ? b.mean.step : (value * a.count + (b.mean[name] ?? value) * b.count) / count,
    ]),
  ) as P;
  return { count, mean };
}

function rounded<P extends Point>(point: P): P {
  return Object.fromEntries(
    Object.entries(point).map(([name, value]) => [
      name,
      name === 'step' ? value : Number(value.toPrecision(5)),
    ]),
  ) as P;
}
