/** AdamW with decoupled decay and bias correction (Loshchilov and Hutter 2019, algorithm 2), and the norm to clip by. */
import type { StepValues } from '@filon/core/training/session';
import type { StaticGraph, TrainingDevice } from './device.ts';
import { f32Extents, type GraphBuilder, type ProductKinds, type Tensor } from './graph/builder.ts';
import type { ParameterGroup } from './parameter-group.ts';

/** `ggml_opt_step_adamw` reads: rate, beta1, beta2, epsilon, decay, 1 / (1 - beta1^t), 1 / (1 - beta2^t). */
const ADAMW_VALUES = 7;

export class Optimizer {
  readonly #device: TrainingDevice;
  readonly #groups: readonly ParameterGroup[];
  readonly #values: Tensor[];
  readonly #factor: Tensor;
  readonly #norm: { graph: StaticGraph; sum: Tensor };
  readonly #scale: StaticGraph;
  readonly #update: StaticGraph;

  /** @param after appends what must follow each change of the values */
  constructor(
    device: TrainingDevice,
    kinds: ProductKinds,
    groups: readonly ParameterGroup[],
    after: (b: GraphBuilder) => void,
  ) {
    this.#device = device;
    this.#groups = groups;
    const state = device.describeState(kinds, (b) => ({
      values: groups.map(() => b.apply('new_tensor_4d', ...f32Extents(ADAMW_VALUES))),
      factor: b.apply('new_tensor_4d', ...f32Extents(1)),
    }));
    this.#values = state.values;
    this.#factor = state.factor;
    const norm = device.buildGraph(kinds, (b) => b.output(sumOfSquares(b, groups)));
    this.#norm = { graph: norm.graph, sum: norm.described };
    this.#scale = device.buildGraph(kinds, (b) => {
      for (const { gradients } of groups) b.append(b.apply('mul_inplace', gradients, this.#factor));
    }).graph;
    this.#update = device.buildGraph(kinds, (b) => {
      for (const [index, { values, gradients, m, v }] of groups.entries()) {
        b.append(b.apply('opt_step_adamw', values, gradients, m, v, this.#values[index]));
      }
      after(b);
    }).graph;
  }

  /** L2 norm of all gradients together. */
  async gradientNorm(): Promise<number> {
    await this.#norm.graph.compute();
    return Math.sqrt(this.#device.scalar(this.#norm.sum));
  }

  async scaleGradients(factor: number): Promise<void> {
    this.#device.set(this.#factor, Float32Array.of(factor));
    await this.#scale.compute();
  }

  /** @param step counted from 1, of the moments */
  async update(adamw: Omit<StepValues, 'clipNorm'>, step: number): Promise<void> {
    for (const [index, group] of this.#groups.entries()) {
      const { learningRate, beta1, beta2, epsilon } = adamw;
      this.#device.set(
        this.#values[index] as Tensor,
        Float32Array.of(
          learningRate,
          beta1,
          beta2,
          epsilon,
          group.decays ? adamw.weightDecay : 0,
          1 / (1 - beta1 ** step),
          1 / (1 - beta2 ** step),
        ),
      );
    }
    await this.#update.compute();
  }
}

function sumOfSquares(b: GraphBuilder, groups: readonly ParameterGroup[]): Tensor {
  const sums = groups.map(({ gradients }) => b.apply('sum', b.apply('sum_rows', b.apply('sqr', gradients))));
  return sums.reduce((sum, next) => b.add(sum, next));
}
