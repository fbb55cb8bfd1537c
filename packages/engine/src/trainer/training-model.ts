/** The tensors of a model that is trained whole: flat parameters, and the copies of matrices that products read. */

import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import type { Linear } from './blocks/linear.ts';
import type { Norm } from './blocks/norm.ts';
import type { ModelTensors } from './forward-backward.ts';
import type { GraphBuilder, Tensor } from './graph/builder.ts';
import { layOut, newParameterGroup, type ParameterGroup } from './parameter-group.ts';
import { type LlamaShape, PROJECTIONS, type Projection, type TensorShape, tensorsOf } from './shape.ts';

export interface TrainableModel {
  tensors: ModelTensors;
  /** In a fixed order: what an update is made of. */
  groups: ParameterGroup[];
  /** Copies that must follow the values after each change of them. */
  copies: MatrixCopies[];
  /** Of the base, where it is not trained. */
  frozen: FrozenTensor[];
}

/** A tensor of the base that does not change, in the forms that are read of it. */
export interface FrozenTensor {
  name: string;
  /** ggml's, in its file. */
  type: number;
  uses: [FrozenUse, ...FrozenUse[]];
}

export interface FrozenUse {
  tensor: Tensor;
  transposed: boolean;
}

/** In the type of products; `forward` is the value itself where that is f32. */
export interface MatrixCopies {
  value: Tensor;
  forward: Tensor;
  backward: Tensor;
}

/** Describes all tensors of a model whose every parameter is trained. */
export function newWholeModel(b: GraphBuilder, shape: LlamaShape): TrainableModel {
  const all = tensorsOf(shape);
  const groupOf = (kind: TensorShape['kind']) =>
    newParameterGroup(b, layOut(all.filter((tensor) => tensor.kind === kind)), kind === 'matrix');
  const matrices = groupOf('matrix');
  const gains = groupOf('gain');
  const copies: MatrixCopies[] = [];
  const linear = (name: string): Linear => {
    const made = newCopies(b, matrices.valueOf(name));
    copies.push(made);
    return { ...made, gradient: matrices.gradientOf(name), adapter: null };
  };
  const norm = (name: string): Norm => ({
    gain: gains.valueOf(name),
    gradient: gains.gradientOf(name),
    epsilon: shape.normEpsilon,
  });
  const tensors: ModelTensors = {
    embedding: {
      table: matrices.valueOf('token_embd.weight'),
      gradient: matrices.gradientOf('token_embd.weight'),
    },
    layers: Array.from({ length: shape.layers }, (_, index) => ({
      attn_norm: norm(`blk.${index}.attn_norm.weight`),
      ffn_norm: norm(`blk.${index}.ffn_norm.weight`),
      ...eachProjection((projection) => linear(`blk.${index}.${projection}.weight`)),
    })),
    outputNorm: norm('output_norm.weight'),
    output: linear(shape.tied ? 'token_embd.weight' : 'output.weight'),
  };
  return { tensors, groups: [matrices, gains], copies, frozen: [] };
}

export function eachProjection<T>(of: (projection: Projection) => T): Record<Projection, T> {
  return Object.fromEntries(PROJECTIONS.map((projection) => [projection, of(projection)])) as Record<
    Projection,
    T
  >;
}

function newCopies(b: GraphBuilder, value: Tensor): MatrixCopies {
  const [n0, n1] = value.extents;
  const { copies } = b.kinds;
  const forward = copies === TENSOR_TYPE.f32 ? value : b.apply('new_tensor_4d', copies, n0, n1, 1, 1);
  return { value, forward, backward: b.apply('new_tensor_4d', copies, n1, n0, 1, 1) };
}

export interface FrozenConversion {
  /** Where the file's bytes go. */
  encoded: Tensor;
  /** What came of them, and what they are for. */
  results: { from: Tensor; to: Tensor }[];
}

/** Appends what makes a frozen tensor's forms from its file's bytes. */
export function convertFrozen(b: GraphBuilder, { type, uses }: FrozenTensor): FrozenConversion {
  const [n0, n1] = uses[0].tensor.extents;
  const [width, rows] = uses[0].transposed ? [n1, n0] : [n0, n1];
  const encoded = b.apply('new_tensor_4d', type, width, rows, 1, 1);
  const plain = type === TENSOR_TYPE.f32 ? encoded : b.apply('cast', encoded, TENSOR_TYPE.f32);
  const results = uses.map(({ tensor, transposed }) => {
    if (tensor.type === type && !transposed) return { from: encoded, to: tensor };
    const turned = transposed ? b.contiguous(b.swap01(plain)) : plain;
    const [t0, t1] = tensor.extents;
    const target = b.apply('new_tensor_4d', tensor.type, t0, t1, 1, 1);
    return { from: b.output(b.apply('cpy', turned, target)), to: tensor };
  });
  b.output(encoded);
  return { encoded, results };
}

/** Appends what brings the copies up to the values. */
export function refreshCopies(b: GraphBuilder, copies: readonly MatrixCopies[]): void {
  for (const { value, forward, backward } of copies) {
    if (forward !== value) b.append(b.apply('cpy', value, forward));
    b.append(b.apply('cpy', b.swap01(value), backward));
  }
}
