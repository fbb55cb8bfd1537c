/**
 * The model's loss and gradients once more, in f64 and as the formulas stand: what the graphs are checked against. Every
 * operation is a node that knows how to pass its gradient on; finite differences check the nodes.
 */
import type { TrainingBatch } from '@filon/core/training/batch';
import { type LlamaShape, type Projection, tensorsOf } from './shape.ts';

/** `rows` rows of `columns` numbers. */
export interface Matrix {
  rows: number;
  columns: number;
  data: Float64Array;
  gradient: Float64Array;
}

export function matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix {
  const length = rows * columns;
  return {
    rows,
    columns,
    data: data === undefined ? new Float64Array(length) : Float64Array.from(data),
    gradient: new Float64Array(length),
  };
}

/** Runs operations and remembers how to go back. */
export class Tape {
  readonly #back: (() => void)[] = [];

  backward(): void {
    for (const step of this.#back.reverse()) step();
  }

  /** `x` [n, in] times the transpose of `w` [out, in]. */
  linear(x: Matrix, w: Matrix): Matrix {
    const y = matrix(x.rows, w.rows);
    const each = (visit: (xAt: number, wAt: number, yAt: number) => void) => {
      for (let n = 0; n < x.rows; n += 1)
        for (let o = 0; o < w.rows; o += 1)
          for (let i = 0; i < x.columns; i += 1) visit(n * x.columns + i, o * w.columns + i, n * w.rows + o);
    };
    each((xAt, wAt, yAt) => add(y.data, yAt, at(x.data, xAt) * at(w.data, wAt)));
    this.#back.push(() =>
      each((xAt, wAt, yAt) => {
        add(x.gradient, xAt, at(y.gradient, yAt) * at(w.data, wAt));
        add(w.gradient, wAt, at(y.gradient, yAt) * at(x.data, xAt));
      }),
    );
    return y;
  }

  add(a: Matrix, b: Matrix): Matrix {
    const y = matrix(
      a.rows,
      a.columns,
      a.data.map((value, index) => value + at(b.data, index)),
    );
    this.#back.push(() => {
      y.gradient.forEach((value, index) => {
        add(a.gradient, index, value);
        add(b.gradient, index, value);
      });
    });
    return y;
  }

  /** `s a` */
  scale(a: Matrix, factor: number): Matrix {
    const y = matrix(
      a.rows,
      a.columns,
      a.data.map((value) => value * factor),
    );
    this.#back.push(() => {
      y.gradient.forEach((value, index) => {
        add(a.gradient, index, value * factor);
      });
    });
    return y;
  }

  rows(table: Matrix, tokens: ArrayLike<number>): Matrix {
    const y = matrix(tokens.length, table.columns);
    const each = (visit: (tableAt: number, yAt: number) => void) => {
      for (let n = 0; n < tokens.length; n += 1)
        for (let i = 0; i < table.columns; i += 1)
          visit((tokens[n] ?? 0) * table.columns + i, n * table.columns + i);
    };
    each((tableAt, yAt) => {
      y.data[yAt] = at(table.data, tableAt);
    });
    this.#back.push(() => each((tableAt, yAt) => add(table.gradient, tableAt, at(y.gradient, yAt))));
    return y;
  }

  norm(x: Matrix, gain: Matrix, epsilon: number): Matrix {
    const y = matrix(x.rows, x.columns);
    const width = x.columns;
    const inverse = new Float64Array(x.rows);
    for (let n = 0; n < x.rows; n += 1) {
      const row = x.data.subarray(n * width, (n + 1) * width);
      inverse[n] = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / width + epsilon);
      row.forEach((value, i) => {
        y.data[n * width + i] = value * at(inverse, n) * at(gain.data, i);
      });
    }
    this.#back.push(() => {
      for (let n = 0; n < x.rows; n += 1) {
        const r = at(inverse, n);
        let dot = 0;
        for (let i = 0; i < width; i += 1)
          dot += at(y.gradient, n * width + i) * at(gain.data, i) * at(x.data, n * width + i);
        for (let i = 0; i < width; i += 1) {
          const k = n * width + i;
          add(gain.gradient, i, at(y.gradient, k) * at(x.data, k) * r);
          add(
            x.gradient,
            k,
            r * (at(y.gradient, k) * at(gain.data, i) - (at(x.data, k) * r * r * dot) / width),
          );
        }
      }
    });
    return y;
  }

  /** `silu(gate) * up` */
  swiglu(gate: Matrix, up: Matrix): Matrix {
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
    const y = matrix(
      gate.rows,
      gate.columns,
      gate.data.map((g, index) => g * sigmoid(g) * at(up.data, index)),
    );
    this.#back.push(() => {
      y.gradient.forEach((value, index) => {
        const g = at(gate.data, index);
        const s = sigmoid(g);
        add(up.gradient, index, value * g * s);
        add(gate.gradient, index, value * at(up.data, index) * s * (1 + g * (1 - s)));
      });
    });
    return y;
  }

  /** Turns the pairs of each head by position * base^(-2i/width). */
  rotate(x: Matrix, shape: LlamaShape, positions: ArrayLike<number>): Matrix {
    const y = matrix(x.rows, x.columns);
    const half = shape.headWidth / 2;
    const each = (visit: (first: number, second: number, cos: number, sin: number) => void) => {
      for (let n = 0; n < x.rows; n += 1)
        for (let head = 0; head < x.columns / shape.headWidth; head += 1)
          for (let i = 0; i < half; i += 1) {
            const from = n * x.columns + head * shape.headWidth;
            const angle = (positions[n] ?? 0) * shape.ropeBase ** ((-2 * i) / shape.headWidth);
            const [first, second] = shape.ropeLayout === 'adjacent' ? [2 * i, 2 * i + 1] : [i, i + half];
            visit(from + first, from + second, Math.cos(angle), Math.sin(angle));
          }
    };
    each((a, b, cos, sin) => {
      y.data[a] = at(x.data, a) * cos - at(x.data, b) * sin;
      y.data[b] = at(x.data, a) * sin + at(x.data, b) * cos;
    });
    this.#back.push(() =>
      each((a, b, cos, sin) => {
        add(x.gradient, a, at(y.gradient, a) * cos + at(y.gradient, b) * sin);
        add(x.gradient, b, -at(y.gradient, a) * sin + at(y.gradient, b) * cos);
      }),
    );
    return y;
  }

  /** Each head's mix of values; `sees(query, key)` says who may see whom. */
  attention(
    { q, k, v }: { q: Matrix; k: Matrix; v: Matrix },
    shape: LlamaShape,
    sees: (query: number, key: number) => boolean,
  ): Matrix {
    const { heads, kvHeads, headWidth } = shape;
    const y = matrix(q.rows, q.columns);
    for (let head = 0; head < heads; head += 1) {
      const shared = Math.floor(head / (heads / kvHeads));
      const qAt = (n: number, i: number) => n * q.columns + head * headWidth + i;
      const kAt = (n: number, i: number) => n * k.columns + shared * headWidth + i;
      for (let query = 0; query < q.rows; query += 1) {
        const keys = [...new Array(q.rows).keys()].filter((key) => sees(query, key));
        const weights = softmax(
          keys.map((key) => {
            let dot = 0;
            for (let i = 0; i < headWidth; i += 1) dot += at(q.data, qAt(query, i)) * at(k.data, kAt(key, i));
            return dot / Math.sqrt(headWidth);
          }),
        );
        keys.forEach((key, index) => {
          for (let i = 0; i < headWidth; i += 1)
            add(y.data, qAt(query, i), (weights[index] ?? 0) * at(v.data, kAt(key, i)));
        });
        this.#back.push(() => {
          const dWeights = keys.map((key) => {
            let dot = 0;
            for (let i = 0; i < headWidth; i += 1)
              dot += at(y.gradient, qAt(query, i)) * at(v.data, kAt(key, i));
            return dot;
          });
          const mean = dWeights.reduce((sum, d, index) => sum + d * (weights[index] ?? 0), 0);
          keys.forEach((key, index) => {
            const weight = weights[index] ?? 0;
            const dScore = (weight * ((dWeights[index] ?? 0) - mean)) / Math.sqrt(headWidth);
            for (let i = 0; i < headWidth; i += 1) {
              add(v.gradient, kAt(key, i), weight * at(y.gradient, qAt(query, i)));
              add(q.gradient, qAt(query, i), dScore * at(k.data, kAt(key, i)));
              add(k.gradient, kAt(key, i), dScore * at(q.data, qAt(query, i)));
            }
          });
        });
      }
    }
    return y;
  }

  /** Mean over the targets that are not -1, in nats. */
  crossEntropy(logits: Matrix, targets: ArrayLike<number>): number {
    const counted = Array.from(targets).filter((target) => target >= 0).length;
    let loss = 0;
    for (let n = 0; n < logits.rows; n += 1) {
      const target = targets[n] ?? -1;
      if (target < 0) continue;
      const row = logits.data.subarray(n * logits.columns, (n + 1) * logits.columns);
      const probabilities = softmax(Array.from(row));
      loss -= Math.log(probabilities[target] ?? 0) / counted;
      this.#back.push(() => {
        probabilities.forEach((p, i) => {
          add(logits.gradient, n * logits.columns + i, (p - (i === target ? 1 : 0)) / counted);
        });
      });
    }
    return loss;
  }
}

export interface ReferenceAdapter {
  /** [rank, in] */
  a: Matrix;
  /** [out, rank] */
  b: Matrix;
  scale: number;
}

export type ReferenceModel = Map<string, Matrix>;

export function referenceModel(
  shape: LlamaShape,
  weights: ReadonlyMap<string, ArrayLike<number>>,
): ReferenceModel {
  return new Map(
    tensorsOf(shape).map(({ name, extents: [n0 = 1, n1 = 1] }) => [name, matrix(n1, n0, weights.get(name))]),
  );
}

/** Mean loss of the batch; gradients are added to the model's and the adapters' matrices. */
export function referenceLoss(
  shape: LlamaShape,
  model: ReferenceModel,
  batch: TrainingBatch,
  adapters: ReadonlyMap<string, ReferenceAdapter> = new Map(),
): number {
  const tape = new Tape();
  const tensor = (name: string): Matrix => {
    const found = model.get(name);
    if (found === undefined) throw new TypeError(`no tensor ${name}`);
    return found;
  };
  const linear = (name: string, x: Matrix): Matrix => {
    const y = tape.linear(x, tensor(name));
    const adapter = adapters.get(name);
    if (adapter === undefined) return y;
    return tape.add(y, tape.scale(tape.linear(tape.linear(x, adapter.a), adapter.b), adapter.scale));
  };
  const { length, documents } = batch;
  const sees = (query: number, key: number): boolean =>
    key <= query &&
    Math.floor(key / length) === Math.floor(query / length) &&
    documents[key] === documents[query];
  let x = tape.rows(tensor('token_embd.weight'), batch.tokens);
  for (let layer = 0; layer < shape.layers; layer += 1) {
    const name = (projection: Projection | 'attn_norm' | 'ffn_norm') => `blk.${layer}.${projection}.weight`;
    const h = tape.norm(x, tensor(name('attn_norm')), shape.normEpsilon);
    const q = tape.rotate(linear(name('attn_q'), h), shape, batch.positions);
    const k = tape.rotate(linear(name('attn_k'), h), shape, batch.positions);
    const v = linear(name('attn_v'), h);
    x = tape.add(x, linear(name('attn_output'), tape.attention({ q, k, v }, shape, sees)));
    const f = tape.norm(x, tensor(name('ffn_norm')), shape.normEpsilon);
    const inner = tape.swiglu(linear(name('ffn_gate'), f), linear(name('ffn_up'), f));
    x = tape.add(x, linear(name('ffn_down'), inner));
  }
  const last = tape.norm(x, tensor('output_norm.weight'), shape.normEpsilon);
  const logits = tape.linear(last, tensor(shape.tied ? 'token_embd.weight' : 'output.weight'));
  const loss = tape.crossEntropy(logits, batch.targets);
  tape.backward();
  return loss;
}

function softmax(values: number[]): number[] {
  const max = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - max));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

function add(values: Float64Array, index: number, value: number): void {
  values[index] = at(values, index) + value;
}
