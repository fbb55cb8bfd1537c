/**
 * The tensors of a model whose matrices are frozen, in whatever type their file has, and which learns by low-rank adapters
 * (LoRA, Hu et al. 2021; on quantised matrices QLoRA, Dettmers et al. 2023).
 */
import { TENSOR_TYPE } from '../ffi/ggml-graph.ts';
import type { Adapter, Linear } from './blocks/linear.ts';
import type { Norm } from './blocks/norm.ts';
import type { GraphBuilder } from './graph/builder.ts';
import { normalNumbers } from './initial-weights.ts';
import { layOut, newParameterGroup } from './parameter-group.ts';
import { type LlamaShape, type Projection, projectionExtents, tensorsOf } from './shape.ts';
import { eachProjection, type FrozenTensor, type TrainableModel } from './training-model.ts';

export interface AdapterSettings {
  /** 1 to 256 */
  rank: number;
  /** Adapters are scaled by alpha / rank. */
  alpha: number;
  projections: readonly Projection[];
}

/** ggml's Q8_0: 32 numbers a block with one scale. */
const Q8_0 = 8;
const Q8_0_BLOCK = 32;
const PLAIN_TYPES: readonly number[] = [TENSOR_TYPE.f32, TENSOR_TYPE.f16, TENSOR_TYPE.bf16];

/** @param typeOf ggml's type of each tensor in the base's file */
export function newAdapterModel(
  b: GraphBuilder,
  shape: LlamaShape,
  settings: AdapterSettings,
  typeOf: (name: string) => number,
): TrainableModel {
  const group = newParameterGroup(b, adapterLayout(shape, settings), true);
  const frozen = new Map(
    tensorsOf(shape).map(({ name, kind, extents: [n0 = 1, n1 = 1] }) => {
      const type = typeOf(name);
      const typeIn = (rowLength: number) =>
        kind === 'gain' ? TENSOR_TYPE.f32 : frozenType(b.kinds.copies, type, rowLength);
      const forward = b.apply('new_tensor_4d', typeIn(n0), n0, n1, 1, 1);
      const needsBackward = kind === 'matrix' && (shape.tied || name !== 'token_embd.weight');
      const backward = needsBackward ? b.apply('new_tensor_4d', typeIn(n1), n1, n0, 1, 1) : null;
      return [name, { name, type, forward, backward }] as const;
    }),
  );
  const tensor = (name: string): FrozenTensor => frozen.get(name) as FrozenTensor;
  const adapter = (name: string): Adapter => ({
    a: group.valueOf(`${name}.lora_a`),
    aGradient: group.gradientOf(`${name}.lora_a`),
    b: group.valueOf(`${name}.lora_b`),
    bGradient: group.gradientOf(`${name}.lora_b`),
    scale: settings.alpha / settings.rank,
  });
  const linear = (name: string, adapted: boolean): Linear => {
    const { forward, backward } = tensor(name);
    return {
      forward,
      backward: backward ?? forward,
      gradient: null,
      adapter: adapted ? adapter(name) : null,
    };
  };
  const norm = (name: string): Norm => ({
    gain: tensor(name).forward,
    gradient: null,
    epsilon: shape.normEpsilon,
  });
  return {
    tensors: {
      embedding: { table: tensor('token_embd.weight').forward, gradient: null },
      layers: Array.from({ length: shape.layers }, (_, index) => ({
        attn_norm: norm(`blk.${index}.attn_norm.weight`),
        ffn_norm: norm(`blk.${index}.ffn_norm.weight`),
        ...eachProjection((projection) =>
          linear(`blk.${index}.${projection}.weight`, settings.projections.includes(projection)),
        ),
      })),
      outputNorm: norm('output_norm.weight'),
      output: linear(shape.tied ? 'token_embd.weight' : 'output.weight', false),
    },
    groups: [group],
    copies: [],
    frozen: [...frozen.values()],
  };
}

/**
 * Quantised matrices are held in 8 bits, forward and back: products with fewer take twice the time on a processor
 * (bench/train), and two bytes take twice the memory and are no faster.
 */
function frozenType(copies: number, file: number, rowLength: number): number {
  if (copies === TENSOR_TYPE.f32 || PLAIN_TYPES.includes(file)) return copies;
  return rowLength % Q8_0_BLOCK === 0 ? Q8_0 : copies;
}

/** A as `[in, rank]`, B transposed as `[out, rank]`. */
function adapterLayout(shape: LlamaShape, { rank, projections }: AdapterSettings) {
  const pairs = Array.from({ length: shape.layers }, (_, index) =>
    projections.flatMap((projection) => {
      const [width, out] = projectionExtents(shape, projection);
      const name = `blk.${index}.${projection}.weight`;
      return [
        { name: `${name}.lora_a`, extents: [width, rank] },
        { name: `${name}.lora_b`, extents: [out, rank] },
      ];
    }),
  );
  return layOut(pairs.flat());
}

/** A with the deviation that PyTorch's linear layers begin with, B zero: the first step starts from the base itself. */
export function initialAdapters(
  shape: LlamaShape,
  settings: AdapterSettings,
  seed: number,
): Map<string, Float32Array> {
  const normal = normalNumbers(seed);
  const numbers = ({
    name,
    extents,
    length,
  }: {
    name: string;
    extents: readonly number[];
    length: number;
  }) => {
    const deviation = name.endsWith('.lora_a') ? 1 / Math.sqrt(3 * (extents[0] ?? 1)) : 0;
    return Float32Array.from({ length }, () => (deviation === 0 ? 0 : deviation * normal()));
  };
  return new Map(adapterLayout(shape, settings).places.map((place) => [place.name, numbers(place)]));
}
